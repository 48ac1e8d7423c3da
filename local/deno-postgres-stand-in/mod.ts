/**
 * The part of deno-postgres (`jsr:@db/postgres`) that the functions use, over npm's `pg`, for networks in which
 * JSR cannot be reached. Local only: functions/deno.json, which is what is deployed, maps to the real driver.
 *
 * Parameters are text or null, and results one jsonb column, which both drivers read with JSON.parse: so they
 * cannot differ in how values are encoded. One difference is left: without `tls.enforce` no TLS is tried.
 */

import pg from "pg";

/** The options that the functions pass. */
export interface ClientOptions {
  applicationName?: string;
  /** Only here so that the same options fit both drivers: this one never reconnects by itself. */
  connection?: { attempts?: number };
  database?: string;
  hostname?: string;
  /** Server settings of the session. */
  options?: Record<string, string>;
  password?: string;
  port?: number | string;
  tls?: { enabled?: boolean; enforce?: boolean; caCertificates?: string[] };
  user?: string;
}

/** A connection was lost or never made. */
export class ConnectionError extends Error {
  override name = "ConnectionError";
}

/** The server refused something; `fields.code` is the SQLSTATE. */
export class PostgresError extends Error {
  override name = "PostgresError";

  constructor(readonly fields: { code: string; severity: string; message: string }) {
    super(fields.message);
  }
}

/** What is used here of the socket under a connection of pg. */
interface Stream {
  once(event: "finish", listener: () => void): void;
  destroy(): void;
}

/** One connection. */
export class Client {
  readonly #client: pg.Client;
  #connected = false;
  #asking = 0;

  constructor(options: ClientOptions) {
    const { tls = {} } = options;
    this.#client = new pg.Client({
      application_name: options.applicationName,
      database: options.database,
      host: options.hostname,
      options: Object.entries(options.options ?? {})
        .map(([key, value]) => `--${key}=${value}`)
        .join(" "),
      password: options.password,
      port: Number(options.port),
      ssl: tls.enforce ? { ca: tls.caCertificates } : false,
      user: options.user,
    });
    // pg announces the end of an idle connection; deno-postgres leaves it to the next query to find out.
    this.#client.on("error", () => {});
  }

  /** @throws ConnectionError, PostgresError */
  async connect(): Promise<void> {
    await this.#client.connect().catch(rethrow);
    this.#connected = true;
  }

  /** @throws ConnectionError, PostgresError */
  async queryObject<T>(query: { text: string; args?: (string | null)[] }): Promise<{ rows: T[] }> {
    this.#asking += 1;
    try {
      const { rows } = await this.#client.query(query.text, query.args ?? []).catch(rethrow);
      return { rows };
    } finally {
      this.#asking -= 1;
    }
  }

  /** Closes the connection; cuts it off where a query is still running, or where it is not open yet. */
  async end(): Promise<void> {
    // pg hangs up on its own side only and waits for the other, which may never answer.
    const { stream } = (this.#client as unknown as { connection: { stream: Stream } }).connection;
    if (!this.#connected || this.#asking > 0) stream.destroy();
    // As soon as the goodbye is sent.
    else stream.once("finish", () => stream.destroy());
    await this.#client.end();
  }
}

function rethrow(error: unknown): never {
  if (error instanceof pg.DatabaseError) {
    const { code = "XX000", severity = "ERROR", message } = error;
    throw new PostgresError({ code, severity, message });
  }
  throw new ConnectionError(error instanceof Error ? error.message : String(error));
}
