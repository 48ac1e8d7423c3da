/**
 * Runs `work` for each item, two at a time, as suits the two cores that tests are made for.
 *
 * @returns what each came to, by item; rejects, once all that was begun has ended, where one fails
 */
export async function twoAtATime<T, R>(items: Iterable<T>, work: (item: T) => Promise<R>): Promise<Map<T, R>> {
  const left = [...items];
  const results = new Map<T, R>();
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) results.set(next, await work(next));
  };
  const ended = await Promise.allSettled([worker(), worker()]);
  for (const end of ended) if (end.status === "rejected") throw end.reason;
  return results;
}
