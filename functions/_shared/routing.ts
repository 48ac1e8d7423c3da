import { Problem } from "./problem.ts";

/** A route found for a request. */
export interface RouteMatch<R> {
  /** As declared, such as "POST /:id/complete"; for the log. */
  pattern: string;
  route: R;
  /** Path parameters by name. */
  params: Record<string, string>;
}

interface CompiledRoute<R> {
  pattern: string;
  method: string;
  segments: string[];
  route: R;
}

/** Routes by method and path. */
export interface Router<R> {
  /** @throws Problem `not_found`, `method_not_allowed` */
  match(method: string, pathname: string): RouteMatch<R>;
}

/**
 * Routes of one function, declared as "METHOD /path/:param" below the function's own path. GET answers HEAD too.
 *
 * @param functionName the paths that a function sees begin with `/functions/v1/<name>` or `/<name>`
 */
export function createRouter<R>(functionName: string, routes: Record<string, R>): Router<R> {
  const compiled = Object.entries(routes).map(([pattern, route]): CompiledRoute<R> => {
    const [method = "", path = ""] = pattern.split(" ");
    return { pattern, method, segments: segmentsOf(path), route };
  });
  return {
    match(method, pathname) {
      const segments = ownSegments(functionName, pathname);
      const atPath = compiled.flatMap((candidate) => {
        const params = segments && bind(candidate.segments, segments);
        return params ? [{ candidate, params }] : [];
      });
      const wanted = method === "HEAD" ? "GET" : method;
      const found = atPath.find(({ candidate }) => candidate.method === wanted);
      if (found) return { pattern: found.candidate.pattern, route: found.candidate.route, params: found.params };
      if (atPath.length === 0) throw new Problem("not_found", "There is no such route.");
      throw notAllowed(atPath.map(({ candidate }) => candidate.method));
    },
  };
}

function notAllowed(methods: string[]): Problem {
  const allowed = [...new Set([...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"])].join(", ");
  return new Problem("method_not_allowed", `This path answers ${allowed}.`, { headers: { allow: allowed } });
}

function segmentsOf(path: string): string[] {
  const segments = path.split("/").slice(1);
  // "/" and "/…/" end in an empty segment that stands for nothing.
  if (segments.at(-1) === "") segments.pop();
  return segments;
}

/** The decoded segments after the function's name, or undefined where they cannot be decoded. */
function ownSegments(functionName: string, pathname: string): string[] | undefined {
  const segments = segmentsOf(pathname);
  const own = segments.slice(segments.indexOf(functionName) + 1);
  try {
    return own.map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

function bind(pattern: string[], segments: string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? "";
    if (part.startsWith(":") && segment !== "") params[part.slice(1)] = segment;
    else if (part !== segment) return undefined;
  }
  return params;
}
