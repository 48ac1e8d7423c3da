import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  ConnectionPool,
  type Poolable,
  PoolExhausted,
  type PoolOptions,
} from "../../functions/_shared/connection-pool.ts";

class FakeConnection implements Poolable {
  closed = false;

  close(): void {
    this.closed = true;
  }
}

/** Connections that open when, and as, a test says. */
class Opening {
  readonly made: FakeConnection[] = [];
  readonly pending: { resolve(connection: FakeConnection): void; reject(error: Error): void }[] = [];

  readonly open = () =>
    new Promise<FakeConnection>((resolve, reject) => {
      this.pending.push({ resolve, reject });
    });

  succeed(): FakeConnection {
    const connection = new FakeConnection();
    this.made.push(connection);
    this.pending.shift()?.resolve(connection);
    return connection;
  }

  fail(): void {
    this.pending.shift()?.reject(new Error("refused"));
  }
}

let opening: Opening;

beforeEach(() => {
  vi.useFakeTimers();
  opening = new Opening();
});

afterEach(() => {
  vi.useRealTimers();
});

const createPool = (options: Partial<PoolOptions<FakeConnection>> = {}) =>
  new ConnectionPool<FakeConnection>({
    size: 2,
    open: opening.open,
    acquireTimeoutMs: 100,
    idleTimeoutMs: 1_000,
    ...options,
  });

/** What became of a promise by now. */
async function outcome(promise: Promise<unknown>): Promise<unknown> {
  let state: unknown = "waiting";
  promise.then(
    (value) => {
      state = value;
    },
    (error) => {
      state = error;
    },
  );
  await vi.advanceTimersByTimeAsync(0);
  return state;
}

describe("opening", () => {
  test("begins when the first caller asks, and not beyond the size", async () => {
    const pool = createPool();
    expect(opening.pending).toHaveLength(0);
    const callers = [pool.acquire(), pool.acquire(), pool.acquire()];
    expect(opening.pending).toHaveLength(2);
    expect(pool.figures()).toEqual({ size: 2, busy: 0, idle: 0, opening: 2, waiting: 3 });
    const first = opening.succeed();
    const second = opening.succeed();
    expect(await Promise.all(callers.slice(0, 2))).toEqual([first, second]);
    expect(await outcome(callers[2] as Promise<unknown>)).toBe("waiting");
    pool.release(first);
    expect(await callers[2]).toBe(first);
  });

  test("does not cost a place when it fails", async () => {
    const pool = createPool();
    for (let i = 0; i < 5; i += 1) {
      const caller = pool.acquire();
      opening.fail();
      await expect(caller).rejects.toThrow("refused");
    }
    const caller = pool.acquire();
    const connection = opening.succeed();
    expect(await caller).toBe(connection);
    expect(pool.figures()).toMatchObject({ busy: 1, opening: 0, waiting: 0 });
  });

  test("fails one caller at a time, and tries again for those who still wait", async () => {
    const pool = createPool({ size: 1 });
    const callers = [pool.acquire(), pool.acquire()];
    opening.fail();
    expect(await outcome(callers[0] as Promise<unknown>)).toBeInstanceOf(Error);
    expect(await outcome(callers[1] as Promise<unknown>)).toBe("waiting");
    const connection = opening.succeed();
    expect(await callers[1]).toBe(connection);
  });

  test("that ends after its caller has given up serves the next one", async () => {
    const pool = createPool();
    const impatient = pool.acquire();
    impatient.catch(() => {});
    await vi.advanceTimersByTimeAsync(100);
    await expect(impatient).rejects.toBeInstanceOf(PoolExhausted);
    const connection = opening.succeed();
    await vi.advanceTimersByTimeAsync(0);
    expect(pool.figures()).toMatchObject({ idle: 1, busy: 0, opening: 0 });
    expect(await pool.acquire()).toBe(connection);
  });
});

describe("waiting", () => {
  test("ends in time, and whoever gave up is not served", async () => {
    const pool = createPool({ size: 1 });
    const holder = pool.acquire();
    const connection = opening.succeed();
    await holder;
    const impatient = pool.acquire();
    impatient.catch(() => {});
    await vi.advanceTimersByTimeAsync(99);
    expect(await outcome(impatient)).toBe("waiting");
    await vi.advanceTimersByTimeAsync(1);
    await expect(impatient).rejects.toBeInstanceOf(PoolExhausted);
    expect(pool.figures().waiting).toBe(0);
    pool.release(connection);
    expect(pool.figures()).toMatchObject({ busy: 0, idle: 1 });
  });

  test("is served in the order of asking", async () => {
    const pool = createPool({ size: 1 });
    const holder = pool.acquire();
    const connection = opening.succeed();
    await holder;
    const order: string[] = [];
    const served = ["a", "b", "c"].map(async (name) => {
      pool.release(await pool.acquire());
      order.push(name);
    });
    pool.release(connection);
    await Promise.all(served);
    expect(order).toEqual(["a", "b", "c"]);
  });
});

describe("a broken connection", () => {
  test("is closed with the idle ones, and replaced for those who wait", async () => {
    const pool = createPool();
    const callers = [pool.acquire(), pool.acquire()];
    const [broken, idle] = [opening.succeed(), opening.succeed()];
    await Promise.all(callers);
    pool.release(idle);
    pool.discard(broken);
    expect([broken.closed, idle.closed]).toEqual([true, true]);
    expect(pool.figures()).toEqual({ size: 2, busy: 0, idle: 0, opening: 0, waiting: 0 });
    const next = pool.acquire();
    const fresh = opening.succeed();
    expect(await next).toBe(fresh);
  });

  test("makes room for a caller who waits", async () => {
    const pool = createPool({ size: 1 });
    const holder = pool.acquire();
    const broken = opening.succeed();
    await holder;
    const waiting = pool.acquire();
    pool.discard(broken);
    const fresh = opening.succeed();
    expect(await waiting).toBe(fresh);
  });
});

test("an idle connection that has grown old is replaced", async () => {
  const pool = createPool();
  const caller = pool.acquire();
  const old = opening.succeed();
  pool.release(await caller);
  await vi.advanceTimersByTimeAsync(1_001);
  const next = pool.acquire();
  expect(old.closed).toBe(true);
  const fresh = opening.succeed();
  expect(await next).toBe(fresh);
});

test("closing closes what is idle at once and the rest when it comes back", async () => {
  const pool = createPool();
  const callers = [pool.acquire(), pool.acquire()];
  const [busy, idle] = [opening.succeed(), opening.succeed()];
  await Promise.all(callers);
  pool.release(idle);
  pool.close();
  expect([busy.closed, idle.closed]).toEqual([false, true]);
  pool.release(busy);
  expect(busy.closed).toBe(true);
});
