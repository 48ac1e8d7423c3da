import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readDocument } from "./documents.ts";

const document = `# notes Table

**Generated**: 2026-01-10T03:37:46.398Z
**RLS**: Enabled (2 policies)

## Columns (3 total)

| Column | Type | Nullable | Default | Description |
|--------|------|----------|---------|-------------|
| id | \`uuid\` | **NO** | \`gen_random_uuid()\` | - |
| sd_id | \`text\` | **NO** | - | The directive |
| ratio | \`numeric(3,2)\` | YES | \`0.40\` | - |

## Constraints

### Primary Key
- \`notes_pkey\`: PRIMARY KEY (id)

### Foreign Keys
- \`notes_sd_id_fkey\`: sd_id → strategic_directives_v2(id)

### Check Constraints
- \`notes_ratio_check\`: CHECK ((ratio >= (0)::numeric))

## Indexes

- \`notes_pkey\`
  \`\`\`sql
  CREATE UNIQUE INDEX notes_pkey ON public.notes USING btree (id)
  \`\`\`

## RLS Policies

### 1. Everybody reads notes (SELECT)

- **Roles**: {public}
- **Using**: \`(sd_id IN ( SELECT sd.id
   FROM sd
  WHERE true))\`

### 2. notes_insert (INSERT)

- **Roles**: {authenticated}
- **With Check**: \`true\`

## Triggers

### notes_stamp

- **Timing**: BEFORE UPDATE
- **Action**: \`EXECUTE FUNCTION stamp()\`

---

[← Back](../overview.md)
`;

describe("a table's document", () => {
  it("is read in full", () => {
    expect(readDocument(document)).toEqual([
      "notes",
      {
        rls: "enabled",
        columns: [
          { name: "id", type: "uuid", nullable: false, default: "gen_random_uuid()" },
          { name: "sd_id", type: "text", nullable: false, default: null },
          { name: "ratio", type: "numeric(3,2)", nullable: true, default: "0.40" },
        ],
        constraints: {
          notes_pkey: "PRIMARY KEY (id)",
          notes_sd_id_fkey: "FOREIGN KEY (sd_id) REFERENCES strategic_directives_v2(id)",
          notes_ratio_check: "CHECK ((ratio >= (0)::numeric))",
        },
        indexes: { notes_pkey: "CREATE UNIQUE INDEX notes_pkey ON public.notes USING btree (id)" },
        policies: {
          "Everybody reads notes": {
            command: "SELECT",
            roles: "{public}",
            using: "(sd_id IN ( SELECT sd.id FROM sd WHERE true))",
            withCheck: null,
          },
          notes_insert: { command: "INSERT", roles: "{authenticated}", using: null, withCheck: "true" },
        },
        triggers: { notes_stamp: { timing: "BEFORE UPDATE", action: "EXECUTE FUNCTION stamp()" } },
      },
    ]);
  });

  it.each([
    ["counts other columns than it lists", "(3 total)", "(4 total)", /counts 4 columns .* read were 3/],
    ["counts other policies than it lists", "(2 policies)", "(1 policies)", /1 policies, read were .* 2/],
    ["has a row that is no column", "| YES |", "| maybe |", /cannot read this row/],
    ["has a section that nobody reads", "## Triggers", "## Rules", /a section that nothing reads: Rules/],
    ["has a policy without a command", "(INSERT)", "", /cannot read this policy: 2. notes_insert/],
    ["has no title", "# notes Table", "notes", /no table's document/],
  ])("is refused if it %s", (_title, from, to, message) => {
    expect(() => readDocument(document.replace(from, to))).toThrow(message);
  });
});

describe("npm run facts -- --check", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "leo-facts-"));
    await writeFile(join(folder, "notes.md"), document);
  });
  afterAll(() => rm(folder, { recursive: true }));

  const script = fileURLToPath(new URL("extract-facts.ts", import.meta.url));
  const check = (path: string) => {
    const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", script, path, "--check"]);
    return { status, stderr: String(stderr) };
  };

  it("fails when the documents say something else, and names the command to run", () => {
    expect(check(folder)).toEqual({
      status: 1,
      stderr: "error: tests/conformance/facts.json is out of date: run npm run facts\n",
    });
  });

  it("fails when there are no documents where it was told to look", () => {
    const { status, stderr } = check(join(folder, "elsewhere"));
    expect(status).toBe(1);
    expect(stderr).toContain("the documents are not in");
    expect(stderr).toContain("npm run facts -- <folder>");
  });
});
