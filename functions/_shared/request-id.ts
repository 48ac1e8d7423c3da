/** The caller's `x-request-id` where it is fit for logs and history, else a new one. */
export function requestId(headers: Headers): string {
  const given = headers.get("x-request-id");
  return given !== null && /^[A-Za-z0-9_.:-]{1,128}$/.test(given) ? given : crypto.randomUUID();
}
