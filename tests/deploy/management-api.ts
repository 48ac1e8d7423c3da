import { createServer, type IncomingMessage } from "node:http";
import { authSettings } from "./auth-settings.ts";

/** The project that there is. */
export const projectRef = "abcdefghijklmnopqrst";

/** What the CLI uploaded for one function. */
export interface Upload {
  metadata: { name: string; entrypoint_path: string; import_map_path: string; verify_jwt: boolean };
  /** File texts by the path the CLI gave them. */
  files: Map<string, string>;
}

/** A request that changes something, as it came. */
export interface Change {
  method: string;
  /** Below `/v1/projects/<ref>`. */
  path: string;
  body: unknown;
}

export interface ManagementApi {
  url: string;
  uploads: Map<string, Upload>;
  /** Names of the functions that the CLI made live after their upload. */
  madeLive: string[];
  /** Every change but uploads, in their order. */
  changes: Change[];
  /** The project's settings, as a new project has those that this repository sets. */
  settings: { auth: Record<string, unknown>; api: Record<string, unknown> };
  close(): Promise<void>;
}

const project = {
  id: projectRef,
  ref: projectRef,
  name: "Test",
  organization_id: "test",
  organization_slug: "test",
  status: "ACTIVE_HEALTHY",
  region: "eu-central-1",
  created_at: "2026-01-01T00:00:00Z",
  database: {
    host: `db.${projectRef}.project.test`,
    version: "17.6.1",
    postgres_engine: "17",
    release_channel: "ga",
  },
};

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function uploadOf(request: IncomingMessage, body: Buffer): Promise<Upload> {
  const headers = { "content-type": request.headers["content-type"] ?? "" };
  const form = await new Response(new Uint8Array(body), { headers }).formData();
  const files = new Map<string, string>();
  for (const part of form.getAll("file")) if (typeof part !== "string") files.set(part.name, await part.text());
  return { metadata: JSON.parse(String(form.get("metadata"))), files };
}

/**
 * Stands in for Supabase's own Management API on loopback (which is not ours and cannot be reached from a
 * test), as far as the documented commands call it, and keeps what is sent to it.
 */
export async function startManagementApi(): Promise<ManagementApi> {
  const uploads = new Map<string, Upload>();
  const madeLive: string[] = [];
  const changes: Change[] = [];
  const settings: ManagementApi["settings"] = {
    auth: { disable_signup: false, external_anonymous_users_enabled: false },
    api: {
      db_schema: "public,graphql_public",
      db_extra_search_path: "public,extensions",
      max_rows: 1000,
      db_pool: null,
      db_pool_acquisition_timeout: 10,
      db_pool_max_lifetime: null,
      db_pool_max_idletime: null,
    },
  };
  /** What is read, by path; settings as they are by then. */
  const readings: Record<string, () => unknown> = {
    "": () => project,
    "/api-keys": () => [{ id: "1", name: "default", type: "publishable", api_key: "sb_publishable_test" }],
    "/billing/addons": () => ({ selected_addons: [], available_addons: [] }),
    // Other parts of the project are left out, which the CLI then does not compare.
    "/config": () => ({ data: { type: "project_config", id: projectRef, attributes: settings } }),
  };

  const server = createServer(async (request, response) => {
    const { method = "GET", url: target = "/" } = request;
    const url = new URL(target, "http://management.test");
    const path = url.pathname.replace(/^\/v[12]\/projects\/[a-z]{20}/, "");
    const body = await bodyOf(request);
    const answer = (status: number, answered: unknown) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answered));
    };
    if (method === "GET") {
      const reading = readings[path];
      return reading ? answer(200, reading()) : answer(404, { message: "not found" });
    }
    if (method === "POST" && path === "/functions/deploy") {
      const slug = url.searchParams.get("slug") ?? "";
      uploads.set(slug, await uploadOf(request, body));
      const id = "00000000-0000-4000-8000-000000000000";
      const now = Date.now();
      return answer(201, { id, slug, name: slug, version: 1, status: "ACTIVE", created_at: now, updated_at: now });
    }

    const sent: unknown = body.length > 0 ? JSON.parse(body.toString()) : undefined;
    changes.push({ method, path, body: sent });
    switch (`${method} ${path}`) {
      // Several functions are uploaded one by one and made live together.
      case "PUT /functions":
        madeLive.push(...(sent as { slug: string }[]).map(({ slug }) => slug));
        return answer(200, { functions: sent });
      case "POST /secrets":
        return answer(201, {});
      case "PATCH /postgrest":
        return answer(200, Object.assign(settings.api, sent));
      case "PATCH /config/auth":
        return answer(200, { ...authSettings(), ...Object.assign(settings.auth, sent) });
      default:
        return answer(404, { message: "not found" });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no address");
  return {
    url: `http://127.0.0.1:${address.port}`,
    uploads,
    madeLive,
    changes,
    settings,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
