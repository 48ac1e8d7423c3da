import { createHash } from "node:crypto";

/** A statement that is sent again and again, and what it may cost. */
export interface HotStatement {
  /** What it does, as an outcome. */
  title: string;
  sql: string;
  params?: unknown[];
  /** The user as whom it is sent, under row level security; otherwise `postgres`, as the edge functions. */
  user?: string;
  /** Statements that put things in its way, or out of it. */
  given?: string[];
  /** Whether it writes by itself and not within a function: it answers nothing, and its one parameter is JSON. */
  writes?: boolean;
  /** Indexes that it has to use. */
  indexes: string[];
  /** How many pages it looked at when it was last measured, the dearer of the two times (see `carryOut`). */
  pages: number;
  /** How many statements were sent from within its functions and triggers, at most. */
  statements?: number;
}

/** The id that volume.ts gives to a row. */
export function idOf(seed: string): string {
  const hex = createHash("md5").update(seed).digest("hex");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
