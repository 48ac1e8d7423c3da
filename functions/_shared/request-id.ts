import { requestId as contract } from "../../types/contracts/headers.ts";

/** The caller's `x-request-id` where it is fit for logs and history, else a new one. */
export function requestId(headers: Headers): string {
  const given = headers.get("x-request-id");
  return given !== null && contract.safeParse(given).success ? given : crypto.randomUUID();
}
