import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { ConnectionPool, type Poolable, PoolExhausted } from "../../functions/_shared/connection-pool.ts";

class FakeConnection implements Poolable {
  timesClosed = 0;

  close(): void {
    this.timesClosed += 1;
  }
}

interface Caller {
  state: "waiting" | "holding" | "failed" | "done";
  connection?: FakeConnection;
  error?: unknown;
  gone: AbortController;
}

const SIZE = 3;
const WAIT_MS = 100;

/** A pool, everybody who has asked it for something, and every connection that was ever opened for it. */
class World {
  readonly callers: Caller[] = [];
  readonly made: FakeConnection[] = [];
  readonly opening: { resolve(connection: FakeConnection): void; reject(error: Error): void }[] = [];
  closed = false;
  readonly pool = new ConnectionPool<FakeConnection>({
    size: SIZE,
    acquireTimeoutMs: WAIT_MS,
    idleTimeoutMs: 500,
    open: () => {
      expect(this.closed).toBe(false);
      return new Promise((resolve, reject) => this.opening.push({ resolve, reject }));
    },
  });

  acquire(withinMs: number | undefined): void {
    const gone = new AbortController();
    const caller: Caller = { state: "waiting", gone };
    this.callers.push(caller);
    this.pool.acquire({ withinMs, signal: gone.signal }).then(
      (connection) => {
        caller.state = "holding";
        caller.connection = connection;
      },
      (error) => {
        caller.state = "failed";
        caller.error = error;
      },
    );
  }

  opened(): void {
    const next = this.opening.shift();
    if (!next) return;
    const connection = new FakeConnection();
    this.made.push(connection);
    next.resolve(connection);
  }

  in(state: Caller["state"]): Caller[] {
    return this.callers.filter((caller) => caller.state === state);
  }

  /** What is always so, whatever has happened. */
  check(): void {
    const figures = this.pool.figures();
    const holders = this.in("holding");
    const held = holders.map(({ connection }) => connection);
    expect(new Set(held).size).toBe(held.length);
    if (!this.closed) for (const connection of held) expect(connection?.timesClosed).toBe(0);
    expect(figures.busy + figures.idle + figures.opening).toBeLessThanOrEqual(SIZE);
    expect(figures.busy).toBe(this.closed ? figures.busy : holders.length);
    expect(figures.waiting).toBe(this.in("waiting").length);
    expect(figures.opening).toBe(this.opening.length);
    // Nobody waits beside a connection that is free, or a place in which one could be opened.
    if (figures.waiting > 0) {
      expect(figures.idle).toBe(0);
      expect(figures.opening).toBe(Math.min(SIZE - figures.busy, Math.max(figures.opening, figures.waiting)));
    }
    for (const connection of this.made) expect(connection.timesClosed).toBeLessThanOrEqual(1);
    const open = this.made.filter(({ timesClosed }) => timesClosed === 0).length;
    expect(open).toBe(this.closed ? open : figures.busy + figures.idle);
  }
}

type Step = (world: World) => unknown;

/** The how-manieth of those who hold a connection, if anybody does. */
const holder = (act: (world: World, caller: Caller) => void) =>
  fc.nat({ max: 5 }).map<Step>((n) => (world) => {
    const holders = world.in("holding");
    const caller = holders[n % holders.length];
    if (caller) act(world, caller);
  });

const give = (how: "release" | "discard", times: number) =>
  holder((world, caller) => {
    caller.state = "done";
    world.pool[how](caller.connection as FakeConnection);
    // Where it has been lent again, it is not his to give back.
    const isFree = world.in("waiting").length === 0;
    if (times === 2 && isFree) world.pool[how](caller.connection as FakeConnection);
  });

const steps = (ending: fc.Arbitrary<Step>[]) =>
  fc.array(
    fc.oneof(
      {
        weight: 5,
        arbitrary: fc.constantFrom(undefined, 0, 40, 1_000).map<Step>((ms) => (world) => world.acquire(ms)),
      },
      { weight: 3, arbitrary: fc.constant<Step>((world) => world.opened()) },
      { weight: 2, arbitrary: fc.constant<Step>((world) => world.opening.shift()?.reject(new Error("refused"))) },
      { weight: 3, arbitrary: give("release", 1) },
      { weight: 1, arbitrary: give("release", 2) },
      { weight: 1, arbitrary: give("discard", 1) },
      { weight: 1, arbitrary: give("discard", 2) },
      // A caller that hangs up, which means nothing to the pool once it has been served.
      { weight: 1, arbitrary: holder((_world, caller) => caller.gone.abort()) },
      { weight: 2, arbitrary: fc.nat({ max: 5 }).map<Step>((n) => (world) => world.in("waiting")[n]?.gone.abort()) },
      // Also to the very moment at which the wait of those ends who have just asked.
      {
        weight: 2,
        arbitrary: fc.constantFrom(1, 40, WAIT_MS, 600).map<Step>((ms) => () => vi.advanceTimersByTimeAsync(ms)),
      },
      // Someone who waits gives up in the same turn in which a connection is given back.
      {
        weight: 1,
        arbitrary: fc.constant<Step>((world) => {
          const [caller] = world.in("holding");
          if (!caller) return;
          caller.state = "done";
          world.in("waiting")[0]?.gone.abort();
          world.pool.release(caller.connection as FakeConnection);
          world.in("waiting")[0]?.gone.abort();
        }),
      },
      ...ending.map((arbitrary) => ({ weight: 1, arbitrary })),
    ),
    { maxLength: 60 },
  );

const seed = Number(process.env.LEO_POOL_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Runs the steps, each to its end. */
async function run(sequence: Step[]): Promise<World> {
  const world = new World();
  for (const step of sequence) {
    await step(world);
    await vi.advanceTimersByTimeAsync(0);
    world.check();
  }
  return world;
}

beforeAll(() => {
  vi.useFakeTimers();
  console.log(`pool: LEO_POOL_SEED=${seed} repeats these sequences`);
});

afterAll(() => {
  vi.useRealTimers();
});

test("whatever happens to a pool, it loses no place, lends nothing twice, and leaves nobody waiting", async () => {
  await fc.assert(
    fc.asyncProperty(steps([]), async (sequence) => {
      const world = await run(sequence);
      // Everybody gives back what he has, and whoever waits is served, fails, or has waited long enough.
      while (world.in("holding").length + world.opening.length > 0) {
        world.opened();
        for (const caller of world.in("holding")) {
          caller.state = "done";
          world.pool.release(caller.connection as FakeConnection);
        }
        await vi.advanceTimersByTimeAsync(0);
        world.check();
      }
      expect(world.in("waiting")).toEqual([]);
      expect(world.pool.figures()).toMatchObject({ busy: 0, opening: 0, waiting: 0 });
      // All places are there to be used.
      for (let i = 0; i < SIZE; i += 1) world.acquire(undefined);
      for (let i = 0; i < SIZE; i += 1) world.opened();
      await vi.advanceTimersByTimeAsync(0);
      expect(world.in("holding")).toHaveLength(SIZE);
    }),
    { seed, numRuns: 1_000 },
  );
}, 60_000);

test("closed or cut at any moment, it opens nothing more, and no connection stays open", async () => {
  const ending = (how: "close" | "cut") =>
    fc.constant<Step>((world) => {
      world.closed = true;
      world.pool[how]();
    });
  await fc.assert(
    fc.asyncProperty(steps([ending("close"), ending("cut")]), async (sequence) => {
      const world = await run(sequence);
      if (!world.closed) world.pool.close();
      world.closed = true;
      await vi.advanceTimersByTimeAsync(0);
      for (const { error } of world.in("failed"))
        if (!`${error}`.includes("refused")) expect(error).toBeInstanceOf(PoolExhausted);
      expect(world.in("waiting")).toEqual([]);
      while (world.opening.length > 0) world.opened();
      for (const caller of world.in("holding")) world.pool.release(caller.connection as FakeConnection);
      await vi.advanceTimersByTimeAsync(0);
      expect(world.made.filter(({ timesClosed }) => timesClosed !== 1)).toEqual([]);
      expect(world.pool.figures()).toMatchObject({ busy: 0, idle: 0, opening: 0, waiting: 0 });
    }),
    { seed, numRuns: 1_000 },
  );
}, 60_000);
