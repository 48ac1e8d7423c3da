/** Somebody else's page: supabase-js is there by its script tag, the client as a module. */

import type { createClient } from "@supabase/supabase-js";
import { ControlPlaneError, createControlPlane } from "leo-control-plane";

declare const supabase: { createClient: typeof createClient };
/** Set by the test. */
declare const settings: { url: string; publishableKey: string; email: string; password: string; sdId: string };

const client = supabase.createClient(settings.url, settings.publishableKey, { auth: { persistSession: false } });
const signedIn = await client.auth.signInWithPassword({ email: settings.email, password: settings.password });
if (signedIn.error) throw signedIn.error;

const leo = createControlPlane(client);
const request = { sd_id: settings.sdId, implementation_type: "API_ENDPOINT" } as const;
const { session } = await leo.sessions.start(request);

let first: string | undefined;
try {
  await leo.sessions.start(request);
} catch (error) {
  if (!(error instanceof ControlPlaneError && error.code === "session_exists")) throw error;
  first = error.problem.id;
}

console.log(
  JSON.stringify({
    ofNode: ["process", "Buffer", "require", "global", "setImmediate"].filter((name) => name in globalThis),
    secure: "randomUUID" in crypto,
    id: session.id,
    first,
  }),
);
