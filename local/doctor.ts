import { doctorHelp, parseDoctorOptions } from "./doctor-options.ts";
import { doctorReport, type Finding, wantsColours } from "./doctor-report.ts";
import { withClient, withoutPassword } from "./prepare-database.ts";
import { runningStackDatabase } from "./running-stack.ts";
import { messageOf, StackError } from "./stack-error.ts";

async function examine(databaseUrl: string, rows: number): Promise<Finding[]> {
  const shown = withoutPassword(databaseUrl);
  return withClient(databaseUrl, async (client) => {
    try {
      await client.query("begin read only");
      const { rows: findings } = await client.query("select * from leo.doctor($1)", [rows]);
      await client.query("rollback");
      return findings;
    } catch (error) {
      const { code } = error as { code?: string };
      // No such function or schema, whichever of its parts is missing.
      if (code === "42883" || code === "3F000") {
        throw new StackError(
          `${shown} has no leo.doctor(); apply the migrations: npx supabase db push --remote, or npm start`,
        );
      }
      if (code === "42501") {
        throw new StackError(`the doctor is for role postgres, which ${shown} is not (${messageOf(error)})`);
      }
      throw new StackError(`${shown} could not be examined: ${messageOf(error)}`);
    }
  });
}

/** `npm run doctor`: prints what `leo.doctor()` finds. */
async function main(): Promise<number> {
  const options = parseDoctorOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(doctorHelp);
    return 0;
  }
  const databaseUrl = options.databaseUrl ?? (await runningStackDatabase());
  if (databaseUrl === null) {
    throw new StackError("no stack is running here; start one with npm start, or name a database with --db-url");
  }
  const findings = await examine(databaseUrl, options.rows);
  const report = doctorReport(findings, wantsColours(process.stdout, process.env));
  process.stdout.write(`${withoutPassword(databaseUrl)}\n\n${report}`);
  return findings.length === 0 ? 0 : 1;
}

main().then(
  (code) => {
    // Not exit(): a pipe that is read slowly would lose the end of a long report.
    process.exitCode = code;
  },
  (error: unknown) => {
    const text =
      error instanceof StackError ? error.message : error instanceof Error ? (error.stack ?? "") : String(error);
    process.stderr.write(`error: ${text}\n`);
    process.exitCode = 2;
  },
);
