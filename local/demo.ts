import { createClient, type RealtimeClientOptions } from "@supabase/supabase-js";
import WebSocket from "ws";
import { printedHelp, runScript } from "./command-line.ts";
import { directiveStory } from "./demo/directive-story.ts";
import { Narrator } from "./demo/narrator.ts";
import { telemetryStory } from "./demo/telemetry-story.ts";
import { chooseDriver } from "./edge-functions.ts";
import { exitOnSignals } from "./processes.ts";
import { withScratchDatabase } from "./scratch-database.ts";
import { generateSecrets } from "./secrets.ts";
import { startServices } from "./services.ts";

const help = `Plays one directive through, on a stack of its own that is gone afterwards.

Usage: npm run demo

  --help   this text

Everything is real: PostgreSQL, the edge functions over HTTP, supabase-js. Each
line says how long its call took. A step that does not go as told ends the demo
with an error.
`;

async function main(): Promise<number> {
  if (printedHelp("npm run demo", help)) return 0;
  const stopListening = exitOnSignals();
  const begun = performance.now();
  process.stdout.write("LEO control plane: one directive, from start to accepted hand-off\n");
  await withScratchDatabase(async ({ url: databaseUrl }) => {
    const secrets = { ...generateSecrets(), secretKeys: { default: "", builder: "", verifier: "" } };
    for (const name of Object.keys(secrets.secretKeys) as (keyof typeof secrets.secretKeys)[]) {
      secrets.secretKeys[name] = generateSecrets().secretKeys.default as string;
    }
    const services = await startServices({ databaseUrl, secrets, driver: await chooseDriver(), port: 0 });
    try {
      const { default: key, builder, verifier } = secrets.secretKeys;
      const admin = createClient(services.url, key, {
        auth: { persistSession: false },
        // Node 20 has no WebSocket of its own.
        realtime: { transport: WebSocket as unknown as RealtimeClientOptions["transport"] },
      });
      const narrator = new Narrator(services.url, (text) => process.stdout.write(text));
      await directiveStory(narrator, admin, { builder, verifier });
      await telemetryStory(narrator, admin, { key });
      const seconds = ((performance.now() - begun) / 1000).toFixed(1);
      process.stdout.write(`\nTold in ${seconds} s, the start of the stack included: ${narrator.calls} calls.\n`);
    } finally {
      await services.stop();
    }
  });
  stopListening();
  return 0;
}

runScript(main);
