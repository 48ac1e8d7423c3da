const encoder = new TextEncoder();

/** The keys of one kind as bytes, by name; made once per set of keys. */
const known = new WeakMap<Record<string, string>, [name: string, key: Uint8Array][]>();

/**
 * The name under which `keys` has `given`, or undefined. It is compared with each of them, in a time that depends
 * on what is given and not on the keys.
 *
 * Not `verifyCredentials` of @supabase/server: it compares by WebCrypto, which hands three small jobs per key to
 * other threads and waits for them. That was 40 % of the processor time of a transition.
 */
export function keyName(given: string | null, keys: Record<string, string>): string | undefined {
  if (!given) return undefined;
  let candidates = known.get(keys);
  if (!candidates) {
    candidates = Object.entries(keys).map(([name, key]) => [name, encoder.encode(key)]);
    known.set(keys, candidates);
  }
  const bytes = encoder.encode(given);
  let found: string | undefined;
  for (const [name, key] of candidates) if (isEqual(bytes, key)) found ??= name;
  return found;
}

/** Looks at every byte of `given`, whether or not one has differed before. */
function isEqual(given: Uint8Array, key: Uint8Array): boolean {
  let difference = given.length ^ key.length;
  for (let i = 0; i < given.length; i += 1) difference |= (given[i] ?? 0) ^ (key[i % key.length] ?? 0);
  return difference === 0;
}
