/** What a soak says, at 80 columns. */

import { faults } from "../faults/index.ts";
import { isDone, isRefused } from "./ledger.ts";
import type { Soak, Struck } from "./soak.ts";
import type { Broken } from "./verdict.ts";

const SHOWN = 20;

/** Operations and tries by what came of them. */
export function figures({ ledger, broken }: Soak) {
  const tries = ledger.entries.flatMap((entry) => entry.tries);
  const promised = (promise: Broken["promise"]) => broken.filter((found) => found.promise === promise).length;
  return {
    operations: ledger.entries.length,
    acknowledged: ledger.entries.filter(isDone).length,
    refused: ledger.entries.filter(isRefused).length,
    unanswered: ledger.entries.filter(({ status }) => status === undefined).length,
    tries: tries.length,
    unavailable: tries.filter(({ outcome }) => outcome === 503).length,
    replayed: tries.filter(({ replayed }) => replayed).length,
    lostAnswers: tries.filter(({ outcome }) => outcome === "lost").length,
    hungUp: tries.filter(({ outcome }) => outcome === "hung up").length,
    otherErrors: tries.filter(({ outcome }) => Number(outcome) >= 500 && outcome !== 503).length,
    lost: promised("lost"),
    doubled: promised("doubled"),
    refusedAndDone: promised("refused, and done"),
  };
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

/** Milliseconds from a fault's end to the end of the last 503 to a request begun after it, before the next fault. */
function troubleAfter({ ledger, struck }: Soak, { to }: Struck): number {
  const next = Math.min(...struck.map(({ from }) => from).filter((from) => from > to), Number.POSITIVE_INFINITY);
  const late = ledger.entries
    .flatMap(({ tries }) => tries)
    .filter(({ outcome, begun, ended }) => outcome === 503 && begun > to && ended < next)
    .map(({ ended }) => ended - to);
  return Math.max(0, ...late);
}

const clock = (ms: number) => {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
};

/** One line while it goes on. */
export function progressLine(soak: Soak): string {
  const { operations, acknowledged, unavailable } = figures(soak);
  const time = clock(performance.now() - soak.begun);
  return `${time.padStart(6)}  ${operations} operations, ${acknowledged} done, ${soak.struck.length} faults, ${unavailable} × 503`;
}

/** All of it, at the end. */
export function summary(soak: Soak): string {
  const found = figures(soak);
  const line = (title: string, value: number | string) => `  ${title.padEnd(44)}${String(value).padStart(10)}`;
  const rows = faults.map(({ title }) => {
    const struck = soak.struck.filter((one) => one.title === title);
    const times = struck.map(({ recoveryMs }) => recoveryMs ?? 30_000);
    const trouble = struck.map((one) => troubleAfter(soak, one));
    const ms = (value: number) => `${Math.round(value)} ms`.padStart(11);
    return `  ${title.padEnd(26)}${String(times.length).padStart(7)}${ms(median(times))}${ms(Math.max(0, ...times))}${ms(Math.max(0, ...trouble))}`;
  });
  const broken = soak.broken.slice(0, SHOWN).map(({ promise, requestId, detail }) => {
    return `  ${promise}${requestId ? ` (request ${requestId})` : ""}: ${detail}`;
  });
  const more = soak.broken.length > SHOWN ? [`  and ${soak.broken.length - SHOWN} more`] : [];
  return [
    `Soak of ${clock(soak.took ?? 0)} minutes, seed ${soak.seed}`,
    "",
    line("answers that a model foretold, before the load", soak.walked),
    line("operations under load", found.operations),
    line("  acknowledged (2xx)", found.acknowledged),
    line("  refused (4xx)", found.refused),
    line("  not answered (asked once only)", found.unanswered),
    line("requests, repetitions among them", found.tries),
    line("  503 with Retry-After", found.unavailable),
    line("  answers lost as the functions were killed", found.lostAnswers),
    line("  left by the client", found.hungUp),
    line("  told that it was done before (same key)", found.replayed),
    line("5xx other than 503", found.otherErrors),
    line("lost: acknowledged, and not there", found.lost),
    line("doubled: carried out twice", found.doubled),
    line("refused, and carried out", found.refusedAndDone),
    "",
    "After a fault: time to an answer, and the last 503 to a request begun later",
    `  ${"fault".padEnd(26)}${"struck".padStart(7)}${"median".padStart(11)}${"longest".padStart(11)}${"503".padStart(11)}`,
    ...rows,
    line("faults", soak.struck.length),
    "",
    ...(broken.length === 0 ? ["Every promise was kept."] : ["Broken promises:", ...broken, ...more]),
    "",
  ].join("\n");
}
