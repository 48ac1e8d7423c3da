/** Bodies as bytes with headers that fit or do not: what no JSON serialiser writes. */

import { gzipSync } from "node:zlib";
import fc from "fast-check";

/** Bytes, and how they are announced. */
export interface RawBody {
  /** @param json what the route may well take */
  bytes(json: string): Buffer;
  headers: Record<string, string>;
  /** Where to cut them into pieces that are sent without a length; undefined sends them whole, with one. */
  cuts?: number[];
}

const MIB = 1_048_576;

/** What a text of JSON can be turned into. */
const spoilt: ((json: string, at: number) => string | Buffer)[] = [
  (json, at) => json.slice(0, at % Math.max(1, json.length)),
  (json) => json.slice(1),
  (json) => json.replace(/\}$/, ",}"),
  (json) => `${json}${json}`,
  (json) => `${json},`,
  (json) => `/* a comment */ ${json} // another`,
  (json) => json.replaceAll('"', "'"),
  (json) => json.replace(/"([a-z_]+)":/g, "$1:"),
  (json) => json.replaceAll(":", "="),
  (json) => `callback(${json})`,
  (json) => `)]}',\n${json}`,
  (json) => ` \t\r\n${json}\n `,
  (json) => `\u00a0${json}`,
  (json) => `\ufeff${json}`,
  (json) => `\ufeff\ufeff${json}`,
  (json) => `${json}\u0000`,
  (json) => encodeURIComponent(json),
  (json) => `body=${encodeURIComponent(json)}`,
  (json) => `--x\r\nContent-Disposition: form-data; name="body"\r\n\r\n${json}\r\n--x--\r\n`,
  (json) => `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>${json.slice(0, 0)}`,
  (json) => Buffer.from(json, "utf16le"),
  (json) => Buffer.from(`\ufeff${json}`, "utf16le"),
  (json) => Buffer.from(json, "utf16le").swap16(),
  (json) => Buffer.from(json.replace("{", '{"\u00fc\u00df":"\u00e9",'), "latin1"),
  (json) => gzipSync(json),
  (json) => Buffer.from(Buffer.from(json).toString("base64")),
  (json, at) => inserted(json, at, [0x00]),
  (json, at) => inserted(json, at, [0x0a]),
  (json, at) => inserted(json, at, [0x80]),
  (json, at) => inserted(json, at, [0xc0, 0x80]),
  (json, at) => inserted(json, at, [0xed, 0xa0, 0x80]),
  (json, at) => inserted(json, at, [0xf4, 0x90, 0x80, 0x80]),
  (json, at) => inserted(json, at, [0xff, 0xfe]),
  (json, at) => inserted(json, at, [0xe2, 0x80]),
  (json, at) => flipped(json, at),
];

/** Literals that only other languages have, and numbers that only some can hold. */
const literals = [
  ...["NaN", "Infinity", "-Infinity", "undefined", "nul", "True", "None", "0x10", "01", "+1", ".5", "1.", "1e", "--1"],
  ...["1e400", "-1e400", "1_000", "1n", "'x'", "`x`", '"\\x41"', '"\\u12"', '"\t"', '"\n"', '"\\ud800"', '"\\u0000"'],
];

const fixed: (string | Buffer)[] = [
  ...["", " ", "\n\n", "\u0000", "{", "}", "[", '"', "-", "null", "true", "0", '""', "[]", "[{}]", "{}", "{}{}"],
  Buffer.from([0xff, 0xfe]),
  Buffer.from([0xef, 0xbb, 0xbf]),
  "[".repeat(10_000),
  "{".repeat(10_000),
  '{"x":'.repeat(10_000),
];

/** Just within and past what a body may have, and far past it. */
const large: (string | Buffer)[] = [
  " ".repeat(MIB),
  " ".repeat(MIB + 1),
  `"${"x".repeat(MIB - 2)}"`,
  `[${"0,".repeat(MIB / 2 - 1)}0]`,
  "[".repeat(MIB),
  `${"[".repeat(MIB / 2)}${"]".repeat(MIB / 2)}`,
  `{${Array.from({ length: 60_000 }, (_, i) => `"${i}":{}`).join(",")}}`,
  `{"metrics":[${"1,".repeat(500_000)}1]}`,
  `{"metadata":{"x":"${"'".repeat(1_000_000)}"}}`,
  "x".repeat(2 * MIB),
  Buffer.alloc(2 * MIB),
  gzipSync(Buffer.alloc(20 * MIB)),
];

const types = [
  ...[
    "application/json; charset=utf-16",
    "application/json; charset=latin1",
    "application/jsonx",
    "application/x-json",
  ],
  ...["text/json", "text/plain", "text/html", "application/xml", "application/octet-stream", "application/json-seq"],
  ...["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json", "*/*", "/", "; application/json"],
  ...["application/json, text/plain", "application/json;;;;", "application/json; charset=utf-8; x=y", "application/"],
  ...[
    "application/vnd.pgrst.object+json",
    "APPLICATION/JSON",
    'application/json;charset="UTF-8"',
    `application/${"x".repeat(4_000)}`,
  ],
  ...[`application/json${" ".repeat(4_000)}x`, `application/${".".repeat(4_000)}+json`, "application/\u00ffjson"],
];

const encodings = ["gzip", "br", "deflate", "compress", "identity", "gzip, identity", "x", "IDENTITY", "\u00ff"];

const headers: fc.Arbitrary<Record<string, string>> = fc.oneof(
  { weight: 12, arbitrary: fc.constant({ "content-type": "application/json" }) },
  { weight: 1, arbitrary: fc.constant({}) },
  { weight: 3, arbitrary: fc.constantFrom(...types).map((type) => ({ "content-type": type })) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(...encodings)
      .map((encoding) => ({ "content-type": "application/json", "content-encoding": encoding })),
  },
);

const cuts = fc.option(fc.array(fc.nat(400), { maxLength: 6 }), { nil: undefined, freq: 2 });

/** What to send in the place of a JSON text, most of it made of that. */
export const rawBody: fc.Arbitrary<RawBody> = fc.record({
  bytes: fc
    .oneof<fc.Arbitrary<(json: string) => string | Buffer>[]>(
      fc.tuple(fc.constantFrom(...spoilt), fc.nat(2_000)).map(
        ([spoil, at]) =>
          (json) =>
            spoil(json, at),
      ),
      fc.tuple(fc.constantFrom(...literals), fc.nat(20)).map(
        ([literal, at]) =>
          (json) =>
            withLiteral(json, literal, at),
      ),
      fc.constant((json) => json),
      fc.constantFrom(...fixed).map((text) => () => text),
      fc.uint8Array({ maxLength: 64 }).map((random) => () => Buffer.from(random)),
    )
    .map((make) => (json: string) => Buffer.from(make(json))),
  headers,
  cuts,
});

/** The same with bodies that are as large as they may be, or larger. */
export const largeBody: fc.Arbitrary<RawBody> = fc.record({
  bytes: fc.constantFrom(...large).map((made) => () => Buffer.from(made)),
  headers: fc.constant({ "content-type": "application/json" }),
  cuts: fc.option(fc.constant([1, 70_000, MIB]), { nil: undefined, freq: 2 }),
});

/** The pieces of a body that is cut in some places. */
export function inPieces(bytes: Buffer, cuts: number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
  // An empty piece would end the body.
  return places.slice(1).flatMap((end, i) => (end > (places[i] ?? 0) ? [bytes.subarray(places[i], end)] : []));
}

/** One of the values of a JSON text replaced by a literal. */
function withLiteral(text: string, literal: string, which: number): string {
  const places = [...text.matchAll(/:("(?:[^"\\]|\\.)*"|[\w.+-]+)/g)];
  const place = places[which % Math.max(1, places.length)];
  if (!place) return literal;
  return `${text.slice(0, place.index + 1)}${literal}${text.slice(place.index + place[0].length)}`;
}

function inserted(text: string, at: number, bytes: number[]): Buffer {
  const whole = Buffer.from(text);
  const place = at % (whole.length + 1);
  return Buffer.concat([whole.subarray(0, place), Buffer.from(bytes), whole.subarray(place)]);
}

function flipped(text: string, at: number): Buffer {
  const whole = Buffer.from(text);
  const place = at % Math.max(1, whole.length);
  if (whole.length > 0) whole[place] = (whole[place] ?? 0) ^ (1 << (at % 8));
  return whole;
}
