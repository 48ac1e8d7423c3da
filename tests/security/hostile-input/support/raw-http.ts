import { connect } from "node:net";
import type { HttpAnswer, HttpRequest } from "./http-client.ts";

/** How a connection goes on after what was sent first. */
export interface Ending {
  /** Bytes that follow one by one for as long as there is no answer; silence without. */
  drip?: string;
  /** Hangs up at once, without waiting for an answer. */
  hangUp?: boolean;
}

const DRIP_MS = 40;

/** Sends bytes as they are over a connection of its own; undefined where it was closed without an answer. */
export function sendBytes(port: number, bytes: string | Buffer, ending: Ending = {}): Promise<HttpAnswer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, "127.0.0.1");
    let dripping: NodeJS.Timeout | undefined;
    socket.on("connect", () => {
      // Not before: what is written to a socket that is still connecting would come before the request.
      dripping = setInterval(() => ending.drip && socket.write(ending.drip), DRIP_MS);
      socket.write(bytes, () => ending.hangUp && socket.destroy());
    });
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      const answer = answerIn(Buffer.concat(chunks));
      if (!answer) return;
      resolve(answer);
      socket.destroy();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      // The server does not read on; what it has answered before may be lost with it.
      if (!["ECONNRESET", "EPIPE"].includes(error.code ?? "")) reject(error);
    });
    socket.on("close", () => {
      clearInterval(dripping);
      resolve(answerIn(Buffer.concat(chunks)));
    });
  });
}

/** A request as bytes, up to the end of its head. */
export function headOf({ method, path, headers }: HttpRequest): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return `${[`${method} ${path} HTTP/1.1`, "host: localhost", ...lines].join("\r\n")}\r\n\r\n`;
}

/** The final response in what has arrived, once it is complete. */
function answerIn(bytes: Buffer): HttpAnswer | undefined {
  const text = bytes.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const status = Number(first.split(" ")[1]);
  if (status < 200) return answerIn(bytes.subarray(end + 4));
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  const body = headers["transfer-encoding"] === "chunked" ? unchunked(text.slice(end + 4)) : text.slice(end + 4);
  const isWhole = body !== undefined && body.length >= Number(headers["content-length"] ?? 0);
  return isWhole ? { status, headers, text: Buffer.from(body, "latin1").toString("utf8") } : undefined;
}

function unchunked(text: string): string | undefined {
  const [size = ""] = text.split("\r\n", 1);
  const length = Number.parseInt(size, 16);
  if (!text.includes("\r\n") || text.length < size.length + 4 + length) return undefined;
  if (length === 0) return "";
  const rest = unchunked(text.slice(size.length + 4 + length));
  return rest === undefined ? undefined : text.slice(size.length + 2, size.length + 2 + length) + rest;
}
