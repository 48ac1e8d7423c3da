import { createClient, type RealtimeClientOptions } from "@supabase/supabase-js";
import WebSocket from "ws";
import type { Database } from "../../../types/database.ts";
import type { Client } from "../../support/data-api.ts";

/** A request as it left. */
export interface SentRequest {
  method: string;
  pathname: string;
  headers: Headers;
  body: unknown;
}

/** A supabase-js client, and what it sent to the functions. */
export interface ObservedClient {
  supabase: Client;
  sent: SentRequest[];
}

/** @param accessToken a user's, as an app with Auth of its own passes it */
export function observedClient(url: string, key: string, accessToken?: string): ObservedClient {
  const sent: SentRequest[] = [];
  const supabase = createClient<Database>(url, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    // Node 20 has no WebSocket of its own.
    realtime: { transport: WebSocket as unknown as RealtimeClientOptions["transport"] },
    global: {
      fetch: (input, init) => {
        const { pathname } = new URL(String(input));
        if (pathname.startsWith("/functions/")) {
          sent.push({
            method: init?.method ?? "GET",
            pathname,
            headers: new Headers(init?.headers),
            body: typeof init?.body === "string" ? JSON.parse(init.body) : undefined,
          });
        }
        return fetch(input, init);
      },
    },
    ...(accessToken ? { accessToken: async () => accessToken } : {}),
  });
  return { supabase, sent };
}
