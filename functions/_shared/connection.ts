import { Client } from "@db/postgres";
import { breaksConnection } from "./database-errors.ts";
import { type DatabaseSettings, GRACE_MS } from "./environment.ts";
import { prepareSockets, SocketTrail } from "./sockets.ts";
import { withinTime } from "./time-limit.ts";

/** A session that its worker no longer trusts is ended by the server this much later: the worker may be frozen. */
const IDLE_MARGIN_MS = 30_000;

/** What the server keeps to, whatever becomes of this worker. */
function sessionSettings(settings: DatabaseSettings): Record<string, string> {
  const times: Record<string, number> = {
    statement_timeout: settings.statementTimeoutMs,
    idle_in_transaction_session_timeout: settings.idleTransactionTimeoutMs,
    idle_session_timeout: settings.idleTimeoutMs + IDLE_MARGIN_MS,
  };
  // A statement whose caller is gone waits for no lock, and keeps none.
  if (settings.clientCheckMs > 0) times.client_connection_check_interval = settings.clientCheckMs;
  return Object.fromEntries(Object.entries(times).map(([name, ms]) => [name, String(ms)]));
}

/** One connection to the database: opening and asking are bounded in time, closing is immediate. */
export class Connection {
  /** True once it must not be used again. */
  broken = false;
  readonly #client: Client;
  readonly #trail: SocketTrail;
  readonly #queryTimeoutMs: number;
  #asking = 0;

  private constructor(client: Client, trail: SocketTrail, queryTimeoutMs: number) {
    this.#client = client;
    this.#trail = trail;
    this.#queryTimeoutMs = queryTimeoutMs;
  }

  /** @throws TimeLimitExceeded, or the driver's error */
  static async open(settings: DatabaseSettings): Promise<Connection> {
    prepareSockets();
    const client = new Client({
      applicationName: "leo-functions",
      // 0: it never reconnects by itself, as a statement sent twice could be carried out twice.
      connection: { attempts: 0 },
      database: settings.database,
      hostname: settings.hostname,
      options: sessionSettings(settings),
      password: settings.password,
      port: settings.port,
      tls: settings.tls,
      user: settings.user,
    });
    const trail = new SocketTrail();
    const connecting = trail.follow(() => client.connect());
    try {
      await withinTime(settings.connectTimeoutMs, connecting);
    } catch (error) {
      trail.cut();
      // Where sockets cannot be cut, the driver closes what it has now, or has when it gets through after all.
      client.end().catch(() => {});
      connecting.then(() => client.end()).catch(() => {});
      throw error;
    }
    return new Connection(client, trail, settings.statementTimeoutMs + GRACE_MS);
  }

  /**
   * Runs one statement that returns one row with one jsonb column, and returns its value.
   *
   * @param args text or null only, so that no driver's encoding matters
   * @throws TimeLimitExceeded, or the driver's error; `broken` then tells whether the connection survived it
   */
  async callJson(text: string, args: (string | null)[]): Promise<unknown> {
    const row = await this.#ask(text, args, this.#queryTimeoutMs);
    return Object.values(row)[0] ?? null;
  }

  /**
   * The same with a time limit of its own, at the price of three more round trips.
   *
   * The limit is that of a transaction and ends with it, in whichever way: nothing has to be put back, on a
   * connection that may be broken by then. A statement whose connection is lost is undone, unless only the
   * answer to its commit was lost.
   *
   * @param timeoutMs whole milliseconds, at least 1
   */
  async callJsonWithin(timeoutMs: number, text: string, args: (string | null)[]): Promise<unknown> {
    try {
      await this.#ask("begin", [], this.#queryTimeoutMs);
      await this.#ask("select set_config('statement_timeout', $1, true)", [String(timeoutMs)], this.#queryTimeoutMs);
      const row = await this.#ask(text, args, timeoutMs + GRACE_MS);
      await this.#ask("commit", [], this.#queryTimeoutMs);
      return Object.values(row)[0] ?? null;
    } catch (error) {
      // Whatever the rollback says, it is of no more interest than that the connection is broken.
      if (!this.broken) await this.#ask("rollback", [], this.#queryTimeoutMs).catch(() => {});
      throw error;
    }
  }

  /** One round trip; the first row of the answer. */
  async #ask(text: string, args: (string | null)[], timeoutMs: number): Promise<Record<string, unknown>> {
    this.#asking += 1;
    try {
      const asked = this.#client.queryObject<Record<string, unknown>>({ text, args });
      const { rows } = await withinTime(timeoutMs, asked);
      return rows[0] ?? {};
    } catch (error) {
      this.broken ||= breaksConnection(error);
      throw error;
    } finally {
      this.#asking -= 1;
    }
  }

  /** Says goodbye where the connection is sound and idle, and cuts it off where it is not. */
  close(): void {
    const sound = !this.broken && this.#asking === 0;
    this.broken = true;
    this.#client.end().catch(() => {});
    if (!sound) this.#trail.cut();
  }
}
