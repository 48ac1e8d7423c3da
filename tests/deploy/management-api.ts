import { createServer } from "node:http";

/** What the CLI uploaded for one function. */
export interface Upload {
  metadata: { name: string; entrypoint_path: string; import_map_path: string; verify_jwt: boolean };
  /** File texts by the path the CLI gave them. */
  files: Map<string, string>;
}

export interface ManagementApi {
  url: string;
  uploads: Map<string, Upload>;
  /** Names of the functions that the CLI made live after their upload. */
  madeLive: string[];
  close(): Promise<void>;
}

/**
 * Stands in for Supabase's own Management API on loopback (which is not ours and cannot be reached from a
 * test), as far as `supabase functions deploy --use-api` calls it, and keeps what is uploaded.
 */
export async function startManagementApi(): Promise<ManagementApi> {
  const uploads = new Map<string, Upload>();
  const madeLive: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = new URL(request.url ?? "/", "http://management.test");
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    // Several functions are uploaded one by one and made live together.
    if (request.method === "PUT" && url.pathname.endsWith("/functions")) {
      const functions = JSON.parse(Buffer.concat(chunks).toString()) as { slug: string }[];
      madeLive.push(...functions.map(({ slug }) => slug));
      return answer(200, { functions });
    }
    if (request.method !== "POST" || !url.pathname.endsWith("/functions/deploy")) return answer(404, { message: "no" });

    const slug = url.searchParams.get("slug") ?? "";
    const headers = { "content-type": request.headers["content-type"] ?? "" };
    const form = await new Response(Buffer.concat(chunks), { headers }).formData();
    const files = new Map<string, string>();
    for (const part of form.getAll("file")) if (typeof part !== "string") files.set(part.name, await part.text());
    uploads.set(slug, { metadata: JSON.parse(String(form.get("metadata"))), files });
    const now = Date.now();
    answer(201, {
      id: "00000000-0000-4000-8000-000000000000",
      slug,
      name: slug,
      version: 1,
      status: "ACTIVE",
      created_at: now,
      updated_at: now,
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no address");
  return {
    url: `http://127.0.0.1:${address.port}`,
    uploads,
    madeLive,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
