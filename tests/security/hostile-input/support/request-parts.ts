/** Paths, queries, methods and headers that no client of ours would send. */

import fc from "fast-check";
import { hostileText } from "./hostile-texts.ts";
import type { HttpRequest } from "./http-client.ts";

/** Percent-encodes only what may not stand in a path; half a surrogate pair cannot even be encoded. */
function encoded(text: string): string {
  return Array.from(text, (char) => (/^[\p{Surrogate}]$/u.test(char) ? "%ED%A0%80" : encodeURIComponent(char))).join(
    "",
  );
}

const segment: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...["", ".", "..", "...", "%2e", "%2e%2e", "%2f", "%5c", "\\", "%", "%%", "%zz", "%0", "%u0041", "%c0%ae", "%ff"],
      ...["%00", "%0d%0a", "%E0%A4%A", ":id", ":run_id", "*", ";x=1", "~", "'", "%27%20or%201=1", "$1", "null", "-1"],
      ...[
        "claim",
        "sweep",
        "complete",
        "COMPLETE",
        "complete%20",
        "exec-sessions",
        "_shared",
        "__proto__",
        "constructor",
      ],
      ...["functions", "v1", "index.ts", "toString", "%73weep", "{id}", "a%2Fcomplete", "%2e%2e%2fhealth", "health"],
    ),
  },
  { weight: 2, arbitrary: hostileText.map((text) => encoded(text.slice(0, 200))) },
  {
    weight: 1,
    arbitrary: fc.string({ unit: "grapheme-ascii", maxLength: 12 }).map((text) => text.replace(/[ #?]/g, "+")),
  },
  { weight: 1, arbitrary: fc.constantFrom("x".repeat(3_000), "%41".repeat(1_500), "%ff".repeat(500), "/".repeat(500)) },
);

/** Ways to write a path parameter, some of which mean the same. */
const rewritings: ((id: string) => string)[] = [
  (id) => id.toUpperCase(),
  (id) => `%7B${id}%7D`,
  (id) => `{${id}}`,
  (id) => id.replaceAll("-", ""),
  (id) => `urn:uuid:${id}`,
  (id) => ` ${id}`.replace(" ", "%20"),
  (id) => `${id}%20`,
  (id) => `${id}%00`,
  (id) => `${id}%0a`,
  (id) => `${id}0`,
  (id) => id.slice(0, -1),
  (id) => id.replace(/.$/, "g"),
  (id) => id.replace(/^(.)/, (first) => `%${first.charCodeAt(0).toString(16)}`),
  (id) => encoded(id.replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)))),
  (id) => `${id},${id}`,
  (id) => `${id}%2F`,
  (id) => `${id};`,
  (id) => `${id}'--`,
  (id) => `..%2f${id}`,
  (id) => `./${id}`,
];

/** A change of a request. */
export type Change = (request: HttpRequest, id: string | undefined) => HttpRequest;

/** Another path. */
export const path: fc.Arbitrary<Change> = fc.oneof(
  fc.constantFrom(...rewritings).map(
    (rewrite): Change =>
      (request, id) =>
        id ? { ...request, path: request.path.replace(id, rewrite(id)) } : request,
  ),
  fc.tuple(fc.nat(8), fc.constantFrom("insert", "replace", "remove"), segment).map(
    ([place, how, text]): Change =>
      (request) => {
        const segments = request.path.slice(1).split("/");
        segments.splice(place % (segments.length + 1), how === "insert" ? 0 : 1, ...(how === "remove" ? [] : [text]));
        return { ...request, path: `/${segments.join("/")}` };
      },
  ),
);

/** A query, of which there is none in this API. */
export const query: fc.Arbitrary<Change> = fc
  .oneof(
    fc.constantFrom(
      ...["", "?", "&", "=", "&&&===", "%", "%zz=%ff", "%00=%00", "select=*", "id=eq.1&or=(a.eq.1,b.eq.2)", "apikey=x"],
      ...[
        "__proto__[x]=1",
        "constructor=1",
        "a[]=1&a[]=2",
        "limit=1e400",
        "x=1#fragment",
        "forceFunctionRegion=us-east-1",
      ],
      ...["x".repeat(4_000), "x=1&".repeat(1_000)],
    ),
    hostileText.map((text) => `x=${encoded(text.slice(0, 300))}`),
  )
  .map(
    (text): Change =>
      (request) => ({ ...request, path: `${request.path}?${text}` }),
  );

/** Another method, some of which only servers of other protocols know. */
export const method: fc.Arbitrary<Change> = fc
  .constantFrom(
    ...[
      "GET",
      "HEAD",
      "POST",
      "PUT",
      "PATCH",
      "DELETE",
      "OPTIONS",
      "TRACE",
      "TRACK",
      "PROPFIND",
      "LOCK",
      "MKCOL",
      "QUERY",
    ],
    ...[
      "get",
      "post",
      "Patch",
      "PURGE",
      "LINK",
      "FROB",
      "PRI",
      "SELECT",
      "__proto__",
      "constructor",
      "X".repeat(100),
      "$",
      "'",
    ],
  )
  .map(
    (name): Change =>
      (request) => ({ ...request, method: name }),
  );

/** What a header line can hold: no control character but the tab. */
const headerValue: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 3,
    arbitrary: hostileText.map((text) => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, "\u00bf").slice(0, 8_000)),
  },
  {
    weight: 2,
    arbitrary: fc.string({ unit: "binary-ascii", maxLength: 300 }).map((text) => text.replace(/[^\x20-\x7e]/g, "-")),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ...[
        "",
        "\t",
        ",",
        ", ,",
        "x,y",
        "*",
        "null",
        "0",
        "-1",
        "1e400",
        "x".repeat(64),
        "x".repeat(65),
        "x".repeat(128),
      ],
      ...["x".repeat(129), "x".repeat(255), "x".repeat(256), "x".repeat(8_000), "~!@#$%^&*()", '"', "\\", "a/b", "a:b"],
    ),
  },
);

const ownHeaders = ["idempotency-key", "x-leo-actor", "x-request-id", "content-type", "authorization", "apikey"];

const headerNames = [
  ...[
    "accept",
    "accept-encoding",
    "accept-language",
    "accept-profile",
    "prefer",
    "range",
    "range-unit",
    "origin",
    "referer",
  ],
  ...[
    "access-control-request-method",
    "access-control-request-headers",
    "cookie",
    "user-agent",
    "x-client-info",
    "via",
  ],
  ...["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded", "x-original-url", "x-rewrite-url", "te"],
  ...["x-http-method-override", "x-method-override", "if-match", "if-none-match", "if-modified-since", "max-forwards"],
  ...[
    "cache-control",
    "pragma",
    "traceparent",
    "x-amzn-trace-id",
    "x-region",
    "x-real-ip",
    "from",
    "warning",
    "x-y".repeat(50),
  ],
];

/** Another value of a header, or more headers. */
export const header: fc.Arbitrary<Change> = fc.oneof(
  fc
    .tuple(
      fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...ownHeaders) }, fc.constantFrom(...headerNames)),
      headerValue,
    )
    .map(
      ([name, value]): Change =>
        (request) => ({ ...request, headers: { ...request.headers, [name]: value } }),
    ),
  fc.tuple(fc.constantFrom(...ownHeaders), headerValue).map(
    ([name, value]): Change =>
      (request) => {
        const given = request.headers[name];
        return {
          ...request,
          headers: { ...request.headers, [name]: [typeof given === "string" ? given : value, value] },
        };
      },
  ),
  // Many, and large ones, as long as the server takes so much of them at all.
  fc.integer({ min: 1, max: 60 }).map(
    (count): Change =>
      (request) => {
        const more = Array.from({ length: count }, (_, i) => [`x-many-${i}`, "y".repeat(150)]);
        return { ...request, headers: { ...request.headers, ...Object.fromEntries(more) } };
      },
  ),
);

/** Changes of several parts at once. */
export const all: fc.Arbitrary<Change> = fc
  .array(fc.oneof(path, query, method, header), { minLength: 2, maxLength: 5 })
  .map(
    (changes): Change =>
      (request, id) =>
        changes.reduce((changed, change) => change(changed, id), request),
  );
