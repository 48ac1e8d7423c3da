import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import type { WatchedTable } from "./baseline-rows.ts";

/** Between two statements of a reader or writer, in milliseconds. */
const pause = 2;

/** What somebody who uses a table all the time has seen. */
export interface Watch {
  table: string;
  statements: number;
  /** Milliseconds that the slowest statement took, whatever it waited for. */
  slowest: number;
  /** Milliseconds that a statement waited for a lock, at most, as far as sampling can tell. */
  waited: number;
  /** The last number that was written and acknowledged. */
  acknowledged: number;
}

/** A lock that was held, as far as sampling can tell. */
export interface HeldLock {
  /** Migration that held it. */
  version: string;
  table: string;
  mode: string;
  /** Milliseconds between the first and the last time that it was seen. */
  held: number;
}

export interface Watchers {
  /** Ends them; fails when one of their statements failed. */
  stop(): Promise<{ readers: Watch[]; writers: Watch[]; locks: HeldLock[]; samples: number }>;
}

// A transaction that is committed and about to let go has no number any more, and is recorded already.
const locksSql = `
  select l.virtualtransaction as transaction, l.relation::regclass::text as table, replace(l.mode, 'Lock', '') as mode,
         extract(epoch from clock_timestamp())::float8 * 1000 as at, done.version
  from pg_locks l, (select max(version) as version from supabase_migrations.schema_migrations) done
  where l.locktype = 'relation' and l.granted and l.virtualtransaction !~ '/0$'
    and l.database = (select oid from pg_database where datname = current_database())
    and l.relation = any ($1::regclass[]::oid[]) and l.pid <> all ($2::integer[])
    and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')`;

const waitsSql = `
  select pid, extract(epoch from clock_timestamp() - waitstart)::float8 * 1000 as waited
  from pg_locks where not granted and waitstart is not null and pid = any ($1::integer[])`;

/** A connection and the process that serves it. */
interface Connection {
  client: pg.Client;
  pid: number;
}

/**
 * Lets a reader and a writer use each table, each over a connection of its own, and looks all the time at the
 * locks that others hold on them.
 *
 * @param versions all migrations, to name the one that is at work: the one after the last that is recorded
 */
export async function watch(url: string, tables: WatchedTable[], versions: string[]): Promise<Watchers> {
  let stopped = false;
  const clients: pg.Client[] = [];
  const connect = async (): Promise<Connection> => {
    const client = new pg.Client({ connectionString: url });
    // The server may end under it, where a migration failed; its statement says so.
    client.on("error", () => {});
    await client.connect();
    clients.push(client);
    const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
    return { client, pid: rows[0]?.pid as number };
  };

  const waits = new Map<number, number>();
  async function use({ client, pid }: Connection, table: string, statement: (turn: number) => [string, unknown[]]) {
    const seen: Watch = { table, statements: 0, slowest: 0, waited: 0, acknowledged: -1 };
    while (!stopped) {
      const number = seen.statements % 101;
      const [text, values] = statement(number);
      const begun = performance.now();
      await client.query(text, values);
      seen.slowest = Math.max(seen.slowest, performance.now() - begun);
      seen.acknowledged = number;
      seen.statements += 1;
      await delay(pause);
    }
    seen.waited = waits.get(pid) ?? 0;
    return seen;
  }

  const found = new Map<string, { table: string; mode: string; first: number; last: number; done: string }>();
  let samples = 0;
  async function sample(client: pg.Client, own: number[]) {
    const names = tables.map(({ name }) => name);
    while (!stopped) {
      const { rows } = await client.query(locksSql, [names, own]);
      samples += 1;
      for (const { transaction, table, mode, at, version } of rows) {
        const key = `${transaction} ${table} ${mode}`;
        const lock = found.get(key) ?? { table, mode, first: at, last: at, done: version };
        found.set(key, { ...lock, last: at });
      }
      for (const { pid, waited } of (await client.query(waitsSql, [own])).rows) {
        waits.set(pid, Math.max(waits.get(pid) ?? 0, waited));
      }
    }
  }

  const readers = await Promise.all(tables.map(() => connect()));
  const writers = await Promise.all(tables.map(() => connect()));
  const sampler = await connect();
  const sampling = sample(
    sampler.client,
    [sampler, ...readers, ...writers].map(({ pid }) => pid),
  );
  const reading = readers.map((connection, index) => {
    const { name } = tables[index] as WatchedTable;
    return use(connection, name, () => [`select * from ${name} limit 1`, []]);
  });
  const writing = writers.map((connection, index) => {
    const { name, column, writersRow } = tables[index] as WatchedTable;
    return use(connection, name, (number) => [`update ${name} set ${column} = $1 where ${writersRow}`, [number]]);
  });
  const all = Promise.all([sampling, ...reading, ...writing]);
  all.catch(() => {
    stopped = true;
  });

  return {
    async stop() {
      stopped = true;
      try {
        await all;
      } finally {
        await Promise.all(clients.map((client) => client.end()));
      }
      // Workers of a parallel index build hold the lock, too: one line for all of them.
      const locks = new Map<string, HeldLock>();
      for (const { table, mode, first, last, done } of found.values()) {
        const version = versions.find((each) => each > done) ?? "?";
        const key = `${version} ${table} ${mode}`;
        locks.set(key, { version, table, mode, held: Math.max(last - first, locks.get(key)?.held ?? 0) });
      }
      return {
        readers: await Promise.all(reading),
        writers: await Promise.all(writing),
        locks: [...locks.values()],
        samples,
      };
    },
  };
}
