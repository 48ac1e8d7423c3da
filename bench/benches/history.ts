import { pauseAndResumeBySql, pausedAndResumed, resumeAll } from "../data/pause-and-resume.ts";
import { fillHistory, HISTORY_PER_DIRECTIVE, makeSessions } from "../data/sessions.ts";
import type { Bench, Contender } from "../harness/bench.ts";
import type { BenchDatabase } from "../harness/lab.ts";
import { sqlLoad } from "../harness/sql-load.ts";

interface Filled {
  database: BenchDatabase;
  /** The last row that was there before anything was measured. */
  lastId: number;
}
type State = Record<"few" | "many", Filled>;

const read =
  "select occurred_at, event, from_status, to_status, actor, reason from public.state_transitions " +
  "where sd_id = :sd_id order by id";

function contender(name: string, which: keyof State): Contender<State> {
  return {
    name,
    async prepare(state) {
      const { database, lastId } = state[which];
      await resumeAll(database);
      // What the last round has added, or the small history would soon be none.
      await database.query("delete from public.state_transitions where id > $1", [lastId]);
      await database.query("vacuum analyze public.state_transitions");
    },
    async run(state, seconds) {
      const { database } = state[which];
      const half = { clients: 1, seconds: Math.ceil(seconds / 2) };
      const moved = await sqlLoad({ ...pauseAndResumeBySql(database), ...half });
      const told = await sqlLoad({
        url: database.url,
        statements: [read],
        variables: { sd_id: "SD-OLD-7" },
        ...half,
      });
      return { done: moved.done, figures: { transition: moved.p50, history: told.p50 } };
    },
    count: (state) => pausedAndResumed(state[which].database),
  };
}

const names = { few: "1 000 rows", many: "1 000 000 rows" };

export const history: Bench<State> = {
  name: "history",
  question: "Does a long history slow transitions, or the look at the history of one directive?",
  how:
    "By SQL, 1 client: p50 of a transition (pause, resume), and of the history of one directive, which has " +
    `${HISTORY_PER_DIRECTIVE} rows of it. Quick: 100 000 rows.`,
  figures: { transition: "ms", history: "ms" },
  contenders: [contender(names.few, "few"), contender(names.many, "many")],
  goals: [
    { figure: "transition", contender: names.many, against: names.few, atMost: 1.2 },
    { figure: "history", contender: names.many, against: names.few, atMost: 1.2 },
  ],
  async setup(lab) {
    const filled = async (rows: number): Promise<Filled> => {
      const database = await lab.database();
      // Making a session writes six rows of history.
      await makeSessions(database, 100);
      await fillHistory(database, rows);
      return { database, lastId: await database.number("select max(id) from public.state_transitions") };
    };
    return { few: await filled(1000), many: await filled(lab.size(1_000_000, 100_000)) };
  },
};
