/** Waiting: how long, until when, and no longer than it makes sense. */

const FIRST_BACK_OFF_MS = 250;
const LONGEST_BACK_OFF_MS = 8_000;
/** Timers take a longer time, such as Infinity, for none at all. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Milliseconds until the next attempt: what the server asks for, else a time that doubles with each failure, and
 * a random part on top, so that callers who failed together do not come back together.
 *
 * @param failed attempts so far; @param random from 0 to 1
 */
export function backOff(failed: number, retryAfterMs?: number, random = Math.random()): number {
  const half = Math.min(LONGEST_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** (failed - 1)) / 2;
  return (retryAfterMs ?? half) + half * random;
}

/** Does the work with a signal that gives up after some milliseconds, or when the caller's does. */
export async function within<T>(
  ms: number,
  caller: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  // Not AbortSignal.any, which Node.js before 20.3 and browsers of 2023 do not have.
  const controller = new AbortController();
  const giveUp = () => controller.abort(caller?.reason);
  const tooLong = () => controller.abort(new DOMException(`none within ${Math.ceil(ms)} ms`, "TimeoutError"));
  const timer = setTimeout(tooLong, Math.min(ms, LONGEST_TIMER_MS));
  caller?.addEventListener("abort", giveUp, { once: true });
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    caller?.removeEventListener("abort", giveUp);
  }
}

/** Resolves after some milliseconds. @throws the reason of an abort */
export function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    // It tells of an abort once, which may have been before.
    if (signal?.aborted) return reject(signal.reason);
    const giveUp = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener("abort", giveUp);
        resolve();
      },
      Math.min(ms, LONGEST_TIMER_MS),
    );
    signal?.addEventListener("abort", giveUp, { once: true });
  });
}
