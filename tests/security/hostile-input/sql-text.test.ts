import fc from "fast-check";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { unstorableText } from "../../../types/contracts/json.ts";
import { operations } from "../../../types/contracts/operations.ts";
import { createDirective } from "../../functions/support/directives.ts";
import { machinesOf } from "../../machines/support/machines.ts";
import { type Exchange, startArena } from "./support/arena.ts";
import { requestOf } from "./support/bodies.ts";
import { settle } from "./support/bookkeeping.ts";
import { type Filled, filledBody } from "./support/filled-bodies.ts";
import { sqlTexts } from "./support/hostile-texts.ts";
import { runs, seed, timeout } from "./support/runs.ts";
import { sender } from "./support/send.ts";
import { named, type Subject } from "./support/targets.ts";

const arena = await startArena();
const { database } = arena.audit;

beforeEach(() => arena.audit.take());
afterAll(() => arena.stop());

/** Fields that are kept, and that no answer shows, and why. */
const notAnswered: Record<string, string> = {
  reason: "it is kept in the history only",
  metrics: "an answer says what became of a row, not what is in it",
};

/** What has to be there for a text in a field to be kept: mostly what it refers to. */
const preparations: Record<string, (text: string) => Promise<unknown>> = {
  sd_id: async (text) =>
    database.query("update public.strategic_directives_v2 set id = $2 where id = $1", [
      await createDirective(database),
      text,
    ]),
  prd_id: (text) => database.query("insert into public.product_requirements_v2 (id, title) values ($1, 't')", [text]),
  // Kept with the run that it is given.
  worker: async () => machinesOf(database).telemetry_run?.seed("QUEUED"),
};

const anyText = fc
  .string({ unit: "binary", minLength: 1, maxLength: 20 })
  .filter((text) => /\S/.test(text) && unstorableText(text) === undefined);

const texts = [...sqlTexts, ...fc.sample(anyText, { seed, numRuns: runs(8) })];

describe.each(named(operations.filter(({ request }) => request)))("%s", (_name, operation) => {
  test("takes SQL for what it is: text", { timeout }, async () => {
    const contract = operation.request;
    if (!contract) throw new Error("it takes no body");
    const target = arena.target(operation);
    const exchanges: Exchange[] = [];
    const send = sender(arena, [operation], exchanges);
    // In each request every field has another text, and from request to request each field has all of them.
    for (const shift of texts.keys()) {
      let count = shift;
      const subject = await target.take("ready");
      const filled = filledBody(contract, () => texts[count++ % texts.length] ?? "", subject.references);
      for (const { path, text } of filled.placed) await preparations[path.at(-1) ?? ""]?.(text);
      const body = Buffer.from(JSON.stringify(merged(filled, subject)));
      const aim = { readiness: "ready", caller: shift, fitting: true } as const;
      const { answer } = await send(requestOf(arena, operation, aim, subject, body));
      expect({ status: answer.status, text: answer.text }).toEqual({
        status: expect.toBeOneOf(operation.status),
        text: expect.any(String),
      });

      const stored = textsIn(await arena.audit.rowsOf(String(answer.headers["x-request-id"])));
      expect(filled.placed.filter(({ text }) => !stored.has(text))).toEqual([]);
      const answered = textsIn(JSON.parse(answer.text));
      const shown = filled.placed.filter(({ path }) => !path.some((name) => Object.hasOwn(notAnswered, name)));
      expect(shown.filter(({ text }) => !answered.has(text))).toEqual([]);
    }
    await settle(arena, exchanges);
  });
});

/** With what the operation needs where no text was put. */
function merged({ body, placed }: Filled, subject: Subject): Record<string, unknown> {
  const taken = new Set(placed.map(({ path: [field] }) => field));
  const needed = Object.entries(subject.body).map(([name, value]): [string, unknown] => {
    const beside = isObject(value) && isObject(body[name]) ? { ...value, ...body[name] } : body[name];
    return [name, taken.has(name) ? beside : value];
  });
  return { ...body, ...Object.fromEntries(needed) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Every text in a JSON value, names included. */
function textsIn(value: unknown, found = new Set<string>()): Set<string> {
  if (typeof value === "string") found.add(value);
  else if (typeof value === "object" && value !== null) {
    for (const [name, inside] of Object.entries(value)) {
      found.add(name);
      textsIn(inside, found);
    }
  }
  return found;
}

test("an Idempotency-Key of SQL is a key like any other", { timeout }, async () => {
  const operation = operations.find(({ path }) => path === "/claim");
  if (!operation) throw new Error("there is no claim");
  const exchanges: Exchange[] = [];
  const send = sender(arena, [operation], exchanges);
  const keys = sqlTexts.filter((text) => /^[\x20-\x7e]+$/.test(text));
  for (const key of keys) {
    const body = Buffer.from(JSON.stringify({ worker: key }));
    const aim = { readiness: "ready", caller: 0, fitting: true } as const;
    const request = requestOf(arena, operation, aim, { id: undefined, references: {}, evidence: {}, body: {} }, body);
    const keyed = { ...request, headers: { ...request.headers, "idempotency-key": key } };
    const replayed = [await send(keyed), await send(keyed)].map(({ answer }) => answer.headers["idempotency-replayed"]);
    expect([key, replayed]).toEqual([key, [undefined, "true"]]);
  }
  const kept = await database.query<{ key: string }>("select key from leo.idempotency_keys");
  expect(kept.map(({ key }) => key).sort()).toEqual([...keys].sort());
  await settle(arena, exchanges);
});
