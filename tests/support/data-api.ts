import { setTimeout as delay } from "node:timers/promises";
import { createClient, type RealtimeClientOptions, type SupabaseClient } from "@supabase/supabase-js";
import { inject } from "vitest";
import WebSocket from "ws";
import { createDataApi } from "../../local/data-api.ts";
import { startGateway } from "../../local/gateway.ts";
import type { Database } from "../../types/database.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";
import { insertUser, type NewUser } from "./users.ts";

export type Client = SupabaseClient<Database>;

/** People and their clients, over one stack's URL. */
export interface People {
  publishableKey: string;
  /** The secret key named `default`. */
  secretKey: string;
  /** A supabase-js client: signed out (`anon`), with a secret key (`service_role`), or with a user's token. */
  client(key?: string, accessToken?: string): Client;
  /** Makes a user who can sign in; returns the id. */
  createUser(user: NewUser): Promise<string>;
  /** Signs in through Auth, for real, and returns the user's client. */
  signIn(email: string): Promise<Client>;
}

/** Clients of the stack at `url`, whose users live in `database`. */
export function createPeople(url: string, database: TestDatabase): People {
  const secrets = inject("secrets");
  const client = (key = secrets.publishableKey, accessToken?: string): Client =>
    createClient<Database>(url, key, {
      auth: { persistSession: false, autoRefreshToken: false },
      // Node 20 has no WebSocket of its own.
      realtime: { transport: WebSocket as unknown as RealtimeClientOptions["transport"] },
      ...(accessToken ? { accessToken: async () => accessToken } : {}),
    });
  return {
    publishableKey: secrets.publishableKey,
    secretKey: secrets.secretKeys.default as string,
    client,
    createUser: (user) => insertUser(database, user, secrets.demoPassword),
    async signIn(email) {
      const user = client();
      const attempt = async () => (await user.auth.signInWithPassword({ email, password: secrets.demoPassword })).error;
      let error = await attempt();
      // Hosted Auth lets in so many at once from one address, and the next ones bit by bit.
      for (let tries = 1; error?.status === 429 && tries < 30; tries += 1) {
        await delay(10_000);
        error = await attempt();
      }
      if (error) throw new Error(`${email} could not sign in: ${error.message}`);
      return user;
    },
  };
}

export interface TestDataApi extends People {
  url: string;
  database: TestDatabase;
  stop(): Promise<void>;
}

/**
 * The gateway with Data API and Auth, without edge functions, on a port of the caller's own; or those of a given
 * project (`npm run test:remote`).
 *
 * @param given a database to serve, which its owner drops; a new one when left out
 */
export async function startDataApiOnly(given?: TestDatabase): Promise<TestDataApi> {
  const remote = inject("remote");
  if (remote) {
    if (given) throw new Error("a given project serves its own database only");
    const database = await createTestDatabase();
    return { url: remote.url, database, ...createPeople(remote.url, database), stop: database.drop };
  }
  const database = given ?? (await createTestDatabase());
  const dataApi = await createDataApi(database.url, inject("secrets"));
  const gateway = await startGateway({ port: 0, dataApi: dataApi.fetch });
  return {
    url: gateway.url,
    database,
    ...createPeople(gateway.url, database),
    async stop() {
      await gateway.close();
      await dataApi.close();
      if (!given) await database.drop();
    },
  };
}
