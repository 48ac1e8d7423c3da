import { createClient, type RealtimeClientOptions, type SupabaseClient } from "@supabase/supabase-js";
import { inject } from "vitest";
import WebSocket from "ws";
import { createDataApi } from "../../local/data-api.ts";
import { startGateway } from "../../local/gateway.ts";
import type { Database } from "../../types/database.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";

export type Client = SupabaseClient<Database>;

/** Who can be made to sign in. */
export interface NewUser {
  email: string;
  id?: string;
  /** `raw_app_meta_data`, where `leo_role` is. */
  appMetadata?: Record<string, unknown>;
}

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
    async createUser({ id, email, appMetadata = {} }) {
      const [row] = await database.query<{ id: string }>(
        `insert into auth.users
           (id, email, encrypted_password, email_confirmed_at, raw_app_meta_data, aud, role)
         values (coalesce($1, gen_random_uuid()), $2, extensions.crypt($3, extensions.gen_salt('bf', 4)), now(), $4,
                 'authenticated', 'authenticated')
         returning id`,
        [id ?? null, email, secrets.demoPassword, JSON.stringify(appMetadata)],
      );
      if (!row) throw new Error(`${email} was not made`);
      return row.id;
    },
    async signIn(email) {
      const user = client();
      const { error } = await user.auth.signInWithPassword({ email, password: secrets.demoPassword });
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
 * The gateway with Data API and Auth, without edge functions, on a port of the caller's own.
 *
 * @param given a database to serve, which its owner drops; a new one when left out
 */
export async function startDataApiOnly(given?: TestDatabase): Promise<TestDataApi> {
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
