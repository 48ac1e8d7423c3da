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

const headEnd = Buffer.from("\r\n\r\n");
const lengthHeader = Buffer.from("\r\ncontent-length: ");
const lastChunk = Buffer.from("\r\n0\r\n\r\n");

/** Whether `bytes` are a whole response. Without a look at more than is needed: this is the client's own time. */
function isWhole(bytes: Buffer): boolean {
  const end = bytes.indexOf(headEnd);
  if (end < 0) return false;
  const header = bytes.subarray(0, end).indexOf(lengthHeader);
  // Chunked, as the functions and the gateway always name a length otherwise.
  if (header < 0) return bytes.subarray(-lastChunk.length).equals(lastChunk);
  const from = header + lengthHeader.length;
  return bytes.length >= end + headEnd.length + Number.parseInt(bytes.toString("latin1", from, from + 10), 10);
}

class HttpClient {
  readonly #socket: Socket;
  #received: Buffer | undefined;
  #answered: ((error?: Error) => void) | undefined;

  private constructor(port: number, host: string, opened: (error?: Error) => void) {
    // Into one buffer, past the machinery of streams.
    const buffer = Buffer.alloc(1 << 20);
    const callback = (length: number) => {
      const chunk = buffer.subarray(0, length);
      this.#receive(this.#received ? Buffer.concat([this.#received, chunk]) : chunk);
      return true;
    };
    this.#socket = connect({ port, host, noDelay: true, onread: { buffer, callback } }, opened);
    const lost = (error?: Error) => (this.#answered ?? opened)(error ?? new Error("the connection was closed"));
    this.#socket.on("error", lost);
    this.#socket.on("close", () => lost());
  }

  #receive(bytes: Buffer): void {
    if (!isWhole(bytes)) {
      this.#received = Buffer.from(bytes);
      return;
    }
    this.#received = undefined;
    const fits = bytes[9] === "2".charCodeAt(0);
    this.#answered?.(fits ? undefined : new Error(bytes.toString("utf8")));
  }

  static open(hostname: string, port: number): Promise<HttpClient> {
    return new Promise((resolve, reject) => {
      const client: HttpClient = new HttpClient(port, hostname, (error) => (error ? reject(error) : resolve(client)));
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
