/** What a document says about a table, and what a catalogue says, in the words of the documents. */
export interface TableFacts {
  rls: "enabled" | "disabled";
  /** In the order of the table. */
  columns: ColumnFacts[];
  /** Definition by name, as `pg_get_constraintdef` prints it. */
  constraints: Record<string, string>;
  /** Definition by name, as `pg_get_indexdef` prints it. */
  indexes: Record<string, string>;
  policies: Record<string, PolicyFacts>;
  triggers: Record<string, TriggerFacts>;
}

export interface ColumnFacts {
  name: string;
  /** SQL name with precision, e.g. `numeric(3,2)`, `integer(32)`; `ARRAY` is an array of text. */
  type: string;
  nullable: boolean;
  default: string | null;
}

export interface PolicyFacts {
  /** ALL, SELECT, INSERT, UPDATE or DELETE. */
  command: string;
  /** As an array literal, e.g. `{authenticated}`. */
  roles: string;
  using: string | null;
  withCheck: string | null;
}

export interface TriggerFacts {
  /** E.g. `AFTER INSERT`; row level, for any column, without condition unless it says more. */
  timing: string;
  /** E.g. `EXECUTE FUNCTION f()`. */
  action: string;
}

/** Facts by the table's name. */
export type Facts = Record<string, TableFacts>;

/** Line breaks and indentation are the printer's; nothing else is evened out. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
