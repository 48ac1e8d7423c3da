/** Texts that somebody's parser, quoting, collation, regular expression or terminal has once stumbled over. */

import fc from "fast-check";

/** SQL, and what surrounds it in strings, identifiers, patterns and templates; short enough for most fields. */
export const sqlTexts: string[] = [
  "'; drop table companies; --",
  "' or '1'='1",
  '"; delete from state_transitions; --',
  "x') returning (select usename from pg_user); --",
  "$1 $2 $10 :name ? %s %I %L %%",
  "$$ do $body$ begin end $body$ $$",
  "\\' \\\\' \\u0027; select 1 --",
  "E'\\x27' U&'\\0027' x'27' b'1'",
  "/* -- */ select 1 /* ' */",
  '{1,2,NULL} {"a",b\\"c}',
  '(1,"a""b",) [1,2)',
  "null",
  "NULL::text || chr(39)",
  "%_\\%\\_ like *any* ~ '^(a+)+$'",
  "\u2018; select 1 \u2019 \u02bc \uff07 \u00a0--",
  "line 1\nline 2\r\n\tline 3\u0085\u2028end",
];

/** What is legal text, and rarely meant so. */
const oddTexts: string[] = [
  "",
  " ",
  "\t\n",
  "\u00a0\u2003\ufeff\u200b",
  "null",
  "undefined",
  "NaN",
  "-Infinity",
  "true",
  "[object Object]",
  "{}",
  "0x1F",
  "1e400",
  "9".repeat(400),
  "2026-01-31T10:00:00Z",
  "infinity",
  "epoch",
  "now",
  "P1Y",
  "00000000-0000-0000-0000-000000000000",
  "{00000000-0000-0000-0000-000000000000}",
  "javascript:alert(1)",
  "https://x\u0000y/",
  "gopher://x:70/",
  "../../../../etc/passwd",
  "%00%0a%0d%2e%2e%2f",
  "<script>alert(1)</script><!--",
  "$\u007bjndi:ldap://x/}",
  "{{7*7}} #{7*7} <%= 7*7 %>",
  "__proto__",
  "constructor",
  "toString",
  "a\u0301\u0302\u0303\u0304\u0305".repeat(20),
  "\u202eright to left\u202c \u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd",
  "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466}\u{1f3f3}\ufe0f\u200d\u{1f308}",
  "\u{10ffff}\uffff\ufffe\ufffd",
  "\u0001\u0007\u001b[31m\u007f\u009f",
  "\u0130\u0131\u00df\u1e9e\ufb03",
];

/** Text that no column can hold. */
const unstorableTexts: string[] = ["\u0000", "a\u0000b", "\ud800", "\udfff", "\udc00\ud800", "x\ud83d", "\ude00x"];

/** Made to keep a regular expression busy: the masks for secrets, the durations, the addresses. */
const busyTexts: string[] = [
  "eyJ-".repeat(2_400),
  "-eyJ".repeat(2_400),
  "postgres://'".repeat(800),
  "://a:b/".repeat(1_400),
  "authorization:".repeat(700),
  "-----BEGIN PRIVATE KEY ".repeat(450),
  "eyJa.".repeat(1_900),
  'password="'.repeat(990),
  `token${" ".repeat(9_900)}`,
  `bearer${" ".repeat(9_900)}`,
  "://a:".repeat(1_900),
  `${"secret=".repeat(1_400)}`,
  `P${"1".repeat(9_000)}`,
  `https://${"a.".repeat(4_000)}`,
  `${"1 day ".repeat(1_600)}x`,
  " ".repeat(9_999),
  "\n".repeat(9_999),
];

const longTexts: string[] = ["x".repeat(60_000), "\u{20000}".repeat(30_000), "'".repeat(60_000), "\\".repeat(60_000)];

/** Text of every kind, most of it short. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...sqlTexts) },
  { weight: 6, arbitrary: fc.constantFrom(...oddTexts) },
  { weight: 4, arbitrary: fc.constantFrom(...unstorableTexts) },
  { weight: 1, arbitrary: fc.constantFrom(...busyTexts) },
  { weight: 1, arbitrary: fc.constantFrom(...longTexts) },
  { weight: 6, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  { weight: 3, arbitrary: fc.string({ unit: "grapheme", maxLength: 40 }) },
  {
    weight: 3,
    arbitrary: fc.array(fc.constantFrom(...sqlTexts, ...oddTexts), { maxLength: 4 }).map((all) => all.join("")),
  },
);

/** Field names, in front of all those that objects have anyway. */
export const hostileName: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...["__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty", "toJSON", "then"],
      ...[
        "length",
        "",
        " ",
        "0",
        "-1",
        "id",
        "status",
        "attempt",
        "deadline_at",
        "worker",
        "rows_scanned",
        "timeout_ms",
      ],
    ),
  },
  { weight: 2, arbitrary: hostileText },
);
