import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { lastOfBaseline, migrationFiles } from "./support/files.ts";

/** A lock that keeps readers or writers of a table waiting until its migration ends. */
interface Lock {
  table: string;
  mode: string;
}

/** What a migration does to the tables that were there before it. */
interface Footprint {
  file: string;
  locks: Lock[];
  /** Tables whose rows it read or changed while nobody could even read them. */
  walkedUnderExclusiveLock: string[];
  /** Tables that are other files on disk now: all their rows were written anew. */
  rewritten: string[];
  /** Constraints for which it read all rows of a table that nobody could write to meanwhile. */
  validated: string[];
  /** Indexes made while nobody could even read the table. */
  builtUnderExclusiveLock: string[];
}

interface Structure {
  files: Record<string, string>;
  validated: string[];
  indexes: string[];
}

const tables = `
  select oid, oid::regclass::text as name, relfilenode::text as file from pg_class
  where relnamespace::regnamespace::text in ('public', 'leo') and relkind = 'r'`;

const structureSql = `
  select
    (select jsonb_object_agg(name, file) from (${tables}) own) as files,
    array(
      select format('%s.%s', own.name, conname) from pg_constraint join (${tables}) own on own.oid = conrelid
      where convalidated and contype in ('c', 'f', 'n')
    ) as validated,
    array(
      select format('%s.%s', own.name, indexrelid::regclass) from pg_index join (${tables}) own on own.oid = indrelid
    ) as indexes`;

const locksSql = `
  select relation::regclass::text as table, replace(mode, 'Lock', '') as mode
  from pg_locks
  where pid = pg_backend_pid() and locktype = 'relation' and granted
    and mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    and relation in (select oid from (${tables}) own)
  order by 1, 2`;

let database: TestDatabase;
const footprints: Footprint[] = [];

beforeAll(async () => {
  database = await createTestDatabase({ migratedTo: lastOfBaseline });
  const client = await database.connect();
  await client.query("set search_path = ''");
  const structure = async () => (await client.query<Structure>(structureSql)).rows[0] as Structure;
  let before = await structure();
  for (const { version, file, text } of await migrationFiles()) {
    if (version <= lastOfBaseline) continue;
    // What earlier transactions have read would count as this one's until it is handed over.
    await client.query("select pg_stat_force_next_flush()");
    await client.query(`begin; ${text}`);
    const { rows } = await client.query<Lock>(locksSql);
    const after = await structure();
    const { rows: walked } = await client.query<{ table: string }>(
      `select schemaname || '.' || relname as table from pg_stat_xact_user_tables
       where seq_scan + idx_scan + n_tup_ins + n_tup_upd + n_tup_del > 0`,
    );
    await client.query("commit");

    // What a table that the migration makes itself goes through keeps nobody waiting.
    const isOld = (name: string) => before.files[name] !== undefined;
    const locks = rows.filter(({ table }) => isOld(table));
    const isLocked = (name: string, modes: string[]) =>
      locks.some(({ table, mode }) => name.startsWith(`${table}.`) && modes.includes(mode));
    const added = (now: string[], then: string[]) => now.filter((name) => !then.includes(name));
    footprints.push({
      file,
      locks,
      walkedUnderExclusiveLock: walked
        .map(({ table }) => table)
        .filter((table) => locks.some((lock) => lock.table === table && lock.mode === "AccessExclusive")),
      rewritten: Object.keys(before.files).filter((table) => after.files[table] !== before.files[table]),
      validated: added(after.validated, before.validated).filter((name) =>
        isLocked(name, ["ShareRowExclusive", "AccessExclusive"]),
      ),
      builtUnderExclusiveLock: added(after.indexes, before.indexes).filter((name) =>
        isLocked(name, ["AccessExclusive"]),
      ),
    });
    before = after;
  }
}, 60_000);
afterAll(() => database.drop());

describe("of the tables that are there before it", () => {
  test("a migration writes none anew", () => {
    expect(footprints.filter(({ rewritten }) => rewritten.length > 0)).toEqual([]);
  });

  test("a migration neither reads nor changes rows of one that it keeps readers out of", () => {
    expect(footprints.filter(({ walkedUnderExclusiveLock }) => walkedUnderExclusiveLock.length > 0)).toEqual([]);
  });

  test("a migration reads none to check a constraint while it keeps writers out", () => {
    expect(footprints.filter(({ validated }) => validated.length > 0)).toEqual([]);
  });

  test("a migration makes no index of one that it keeps readers out of", () => {
    expect(footprints.filter(({ builtUnderExclusiveLock }) => builtUnderExclusiveLock.length > 0)).toEqual([]);
  });
});

test("docs/migrations.md names every lock that keeps others waiting", async () => {
  const document = await readFile(join(repositoryRoot, "docs", "migrations.md"), "utf8");
  const named = document
    .split("\n")
    .filter((line) => line.startsWith("| `20"))
    .flatMap((line) => {
      const [, migration = "", names = "", mode = ""] = line.split("|").map((cell) => cell.trim().replaceAll("`", ""));
      return names.split(", ").map((table) => `${migration} ${mode} ${table}`);
    });
  const taken = footprints.flatMap(({ file, locks }) =>
    locks.map(({ table, mode }) => `${file.replace(".sql", "")} ${mode} ${table.replace("public.", "")}`),
  );
  expect(named.sort()).toEqual(taken.sort());
});
