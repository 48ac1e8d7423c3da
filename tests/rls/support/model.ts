import fc from "fast-check";

/** How many users and companies a random world has. */
export const size = { users: 4, companies: 3 };

/** What rights depend upon in a row: companies by number, each of which has one venture and one session. */
export interface ModelRow {
  company: number | null;
  /** The company whose venture it is; beyond the companies there is a venture of nobody. */
  venture: number | null;
  session: number | null;
  /** Something to change. */
  calls: number;
}

export interface World {
  /** By user and company: a membership's is_active, or no membership at all. */
  memberships: (boolean | null | undefined)[][];
  /** By number, which stands for an id. */
  rows: (ModelRow | undefined)[];
}

/** Which rows: those with these ids, or whatever there is, which is a statement without any condition. */
export type Ids = number[] | "all";

/** What a user tries; rows are named by number, and may not be there. */
export type Operation =
  | { verb: "select" }
  | { verb: "insert"; id: number; row: ModelRow }
  | { verb: "update"; ids: Ids; change: Partial<ModelRow> & { calls: number } }
  | { verb: "delete"; ids: Ids }
  | { verb: "upsert"; id: number; row: ModelRow; ignoreDuplicates: boolean }
  | { verb: "record"; batch: { id: number; row: ModelRow }[] };

/** How it ends: refused for want of rights, refused because the id is taken, or done, to whatever rows. */
export type Outcome = "done" | "refused" | "taken" | ("accepted" | "duplicate" | "rejected")[];

const ids = fc.nat({ max: 7 });
const company = fc.option(fc.nat({ max: size.companies - 1 }), { freq: 8 });

/** Whose venture or session a row names: mostly nobody's or its company's own, so that not all is refused. */
function pointer(own: number | null, max: number): fc.Arbitrary<number | null> {
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant(null) },
    { weight: 2, arbitrary: fc.constant(own) },
    { weight: 1, arbitrary: fc.nat({ max }) },
  );
}

const row: fc.Arbitrary<ModelRow> = company.chain((own) =>
  fc.record({
    company: fc.constant(own),
    venture: pointer(own, size.companies),
    session: pointer(own, size.companies - 1),
    calls: fc.nat({ max: 1000 }),
  }),
);

export const worlds: fc.Arbitrary<World> = fc.record({
  memberships: fc.array(
    fc.array(fc.constantFrom(true, true, true, false, null, undefined), {
      minLength: size.companies,
      maxLength: size.companies,
    }),
    { minLength: size.users, maxLength: size.users },
  ),
  rows: fc.array(fc.option(row, { nil: undefined, freq: 2 }), { minLength: 8, maxLength: 8 }),
});

const change = row.chain((after) =>
  fc
    .constantFrom<(keyof ModelRow)[]>([], ["company"], ["venture"], ["session"], ["company", "venture", "session"])
    .map((columns) => ({
      ...Object.fromEntries(columns.map((column) => [column, after[column]])),
      calls: after.calls,
    })),
);

const filter = fc.oneof(
  { weight: 4, arbitrary: fc.uniqueArray(ids, { minLength: 1 }) },
  { weight: 1, arbitrary: fc.constant<"all">("all") },
);

/** Attempts of users, by their number; with `record`, what the edge function calls is among them. */
export function attempts(verbs: Operation["verb"][]): fc.Arbitrary<{ user: number; operation: Operation }[]> {
  const operations: Record<Operation["verb"], fc.Arbitrary<Operation>> = {
    select: fc.record({ verb: fc.constant("select") }),
    insert: fc.record({ verb: fc.constant("insert"), id: ids, row }),
    update: fc.record({ verb: fc.constant("update"), ids: filter, change }),
    delete: fc.record({ verb: fc.constant("delete"), ids: filter }),
    upsert: fc.record({ verb: fc.constant("upsert"), id: ids, row, ignoreDuplicates: fc.boolean() }),
    record: fc.record({
      verb: fc.constant("record"),
      batch: fc.array(fc.record({ id: ids, row }), { minLength: 1, maxLength: 4 }),
    }),
  };
  const operation = fc.oneof(...verbs.map((verb) => operations[verb]));
  return fc.array(fc.record({ user: fc.nat({ max: size.users - 1 }), operation }), { minLength: 4, maxLength: 12 });
}

/** The rule: a company is in reach through an active membership, and through nothing else. */
function reaches({ memberships }: World, user: number, companyNumber: number | null): boolean {
  return companyNumber !== null && memberships[user]?.[companyNumber] === true;
}

/** Whether a user sees, changes and deletes a row. */
export function sees(world: World, user: number, found: ModelRow): boolean {
  return reaches(world, user, found.company);
}

/** Whether a user may leave a row like this behind. */
function mayWrite(world: World, user: number, { company, venture, session }: ModelRow): boolean {
  return (
    reaches(world, user, company) &&
    (venture === null || reaches(world, user, venture)) &&
    (session === null || reaches(world, user, session))
  );
}

/** The rows that a statement with such a condition changes for a user. */
function touched(world: World, user: number, chosen: Ids): number[] {
  return [...world.rows.keys()].filter((id) => {
    const found = world.rows[id];
    return found && sees(world, user, found) && (chosen === "all" || chosen.includes(id));
  });
}

/** Does to the world's rows what the operation does to the database's. */
export function apply(world: World, user: number, operation: Operation): Outcome {
  const { rows } = world;
  switch (operation.verb) {
    case "select":
      return "done";
    case "insert":
      if (!mayWrite(world, user, operation.row)) return "refused";
      if (rows[operation.id]) return "taken";
      rows[operation.id] = operation.row;
      return "done";
    case "upsert": {
      const present = rows[operation.id];
      if (!mayWrite(world, user, operation.row)) return "refused";
      if (present && operation.ignoreDuplicates) return "done";
      if (present && !sees(world, user, present)) return "refused";
      rows[operation.id] = operation.row;
      return "done";
    }
    case "update": {
      const found = touched(world, user, operation.ids);
      const changed = found.map((id) => ({ ...(rows[id] as ModelRow), ...operation.change }));
      if (!changed.every((after) => mayWrite(world, user, after))) return "refused";
      for (const [i, id] of found.entries()) rows[id] = changed[i];
      return "done";
    }
    case "delete":
      for (const id of touched(world, user, operation.ids)) rows[id] = undefined;
      return "done";
    case "record":
      return operation.batch.map(({ id, row }) => {
        if (!mayWrite(world, user, row)) return "rejected";
        if (rows[id]) return "duplicate";
        rows[id] = row;
        return "accepted";
      });
  }
}
