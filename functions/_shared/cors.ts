import { corsHeaders } from "@supabase/supabase-js/cors";

const OWN_REQUEST_HEADERS = "idempotency-key, x-leo-actor, x-request-id";
const OWN_RESPONSE_HEADERS = "x-request-id, server-timing, retry-after, allow, idempotency-replayed";

/** On every response: what supabase-js needs, and the headers that only our API has. */
export const responseHeaders: Record<string, string> = {
  ...corsHeaders,
  "Access-Control-Allow-Headers": `${corsHeaders["Access-Control-Allow-Headers"]}, ${OWN_REQUEST_HEADERS}`,
  "Access-Control-Expose-Headers": OWN_RESPONSE_HEADERS,
};

/** The answer to a browser that asks before it calls. */
export function preflight(): Response {
  return new Response(null, { status: 204, headers: { "access-control-max-age": "7200" } });
}
