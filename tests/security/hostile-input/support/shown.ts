import type { Exchange } from "./arena.ts";
import { bodyOf, type HttpRequest } from "./http-client.ts";

const MAX_LENGTH = 1_500;

/** A request as a person can repeat it, its credentials left out and its body cut short. */
export function shownRequest(request: HttpRequest): string {
  const { method, path, headers, body, pieces } = request;
  const lines = Object.entries(headers).map(([name, value]) => {
    return `${name}: ${/^(apikey|authorization)$/.test(name) ? "…" : shortened(JSON.stringify(value))}`;
  });
  const length = pieces ? `${pieces.length} pieces` : `${body?.length ?? 0} bytes`;
  return [
    `${method} ${shortened(path)}`,
    ...lines,
    `${length}: ${shortened(JSON.stringify(bodyOf(request).toString("utf8")))}`,
  ].join("\n");
}

export function shownExchange({ request, answer }: Exchange): string {
  return `${shownRequest(request)}\n→ ${answer.status} ${shortened(answer.text)}`;
}

function shortened(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}… (${text.length} characters)` : text;
}
