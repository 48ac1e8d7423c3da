import { connect, type Socket } from "node:net";
import { type LoadFigures, loadFigures } from "./stats.ts";

/** One request, as it is sent again and again. */
export interface LoadRequest {
  path: string;
  headers: Record<string, string>;
  body?: unknown;
}

/** Requests that clients send one after the other, each on a connection of its own that is kept. */
export interface HttpLoad {
  /** Such as http://127.0.0.1:1234. */
  url: string;
  /** For each client what it sends; over and over with `seconds`, once without. All are POST. */
  clients: LoadRequest[][];
  seconds?: number;
}

/** Bytes of a request: made beforehand, so that a client costs as little as it can. */
function bytesOf(host: string, { path, headers, body }: LoadRequest): Buffer {
  const content = body === undefined ? "" : JSON.stringify(body);
  const lines = Object.entries({
    host,
    ...headers,
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    "content-length": String(Buffer.byteLength(content)),
  }).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${content}`);
}

const lastChunk = Buffer.from("\r\n0\r\n\r\n");

/** The whole response at the beginning of `bytes`, or undefined where there is more to come. */
function responseIn(bytes: Buffer): { status: number; text: () => string } | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const head = bytes.toString("latin1", 0, headEnd);
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  const isComplete =
    length === undefined ? bytes.subarray(-7).equals(lastChunk) : bytes.length >= headEnd + 4 + Number(length);
  if (!isComplete) return undefined;
  return { status: Number(head.slice(9, 12)), text: () => bytes.toString("utf8", headEnd + 4) };
}

class HttpClient {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #answered: ((error?: Error) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
      const response = responseIn(this.#received);
      if (!response) return;
      this.#received = Buffer.alloc(0);
      const fits = response.status >= 200 && response.status < 300;
      this.#answered?.(fits ? undefined : new Error(`answered ${response.status}: ${response.text()}`));
    });
    const lost = (error?: Error) => this.#answered?.(error ?? new Error("the connection was closed"));
    socket.on("error", lost);
    socket.on("close", () => lost());
  }

  static open(hostname: string, port: number): Promise<HttpClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, hostname, () => resolve(new HttpClient(socket)));
      socket.once("error", reject);
    });
  }

  /** Sends a request and waits for the whole answer. @throws Error for any status but 2xx */
  send(request: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#answered = (error) => (error ? reject(error) : resolve());
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#answered = undefined;
    this.#socket.destroy();
  }
}

async function repeat(client: HttpClient, requests: Buffer[], end: number): Promise<number[]> {
  const times: number[] = [];
  const once = end === 0;
  for (let turn = 0, now = performance.now(); once ? turn < requests.length : now < end; turn += 1) {
    await client.send(requests[turn % requests.length] as Buffer);
    const after = performance.now();
    times.push(after - now);
    now = after;
  }
  return times;
}

/**
 * Sends requests as fast as they are answered, over plain sockets: the client's own time is part of each figure.
 *
 * @throws Error with the answer, for any that is not 2xx
 */
export async function httpLoad({ url, clients, seconds }: HttpLoad): Promise<LoadFigures> {
  const { host, hostname, port } = new URL(url);
  const open: HttpClient[] = [];
  try {
    for (const _ of clients) open.push(await HttpClient.open(hostname, Number(port)));
    const requests = clients.map((list) => list.map((request) => bytesOf(host, request)));
    const begun = performance.now();
    const end = seconds === undefined ? 0 : begun + seconds * 1000;
    const times = await Promise.all(open.map((client, index) => repeat(client, requests[index] ?? [], end)));
    return loadFigures(Float64Array.from(times.flat()), (performance.now() - begun) / 1000);
  } finally {
    for (const client of open) client.close();
  }
}
