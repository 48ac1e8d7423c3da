/** A failure the user can act on: its message is one line that says what happened and what to do. */
export class StackError extends Error {
  override name = "StackError";
}

/** The text of anything thrown, for a one-line message. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
