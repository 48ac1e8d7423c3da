/**
 * Milliseconds that requests which have begun may take after the functions' server was told to end, unless
 * LEO_SHUTDOWN_TIMEOUT_MS says otherwise: more than a statement may take. What takes longer is cut.
 */
export const SHUTDOWN_TIMEOUT_MS = 12_000;

/** What the cut itself takes at most: callers hear of it, connections are closed. */
export const CUT_MS = 1_000;
