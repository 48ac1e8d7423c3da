/** Texts, each with what has to be left of it wherever it is kept: in a row or in the log. */
export const secrets: [text: string, masked: string][] = [
  ["connect to postgresql://u:pw@h:5432/db?x=1 failed", "connect to postgresql://*** failed"],
  ["POSTGRES://u:p@h/db 'postgres://a:b@c'", "POSTGRES://*** 'postgres://***'"],
  ["redis://default:hunter2@cache:6379/0 and https://u:p@h/x", "redis://***@cache:6379/0 and https://***@h/x"],
  ["key sb_secret_aB-9_x is wrong, sb_publishable_1 is not", "key sb_secret_*** is wrong, sb_publishable_*** is not"],
  ["Authorization: Bearer abc.def", "Authorization: Bearer ***"],
  ["got eyJhbGciOi.eyJzdWIi.c2ln, and eyJh.x", "got ***, and ***"],
  ["token eyJhbGciOi.eyJzdWIi.c2ln", "token ***"],
  ["password=hunter2 host=h", "password=*** host=h"],
  ["PASSWORD: 'a b' rest", "PASSWORD: *** rest"],
  ['apikey="x y"', "apikey=***"],
  ["api_key=abc passwd=x", "api_key=*** passwd=***"],
  ["secret = s3\ntoken:t pwd=p", "secret = ***\ntoken:*** pwd=***"],
  ["DB_PASSWORD=hunter2 PGPASSWORD=x client_secret: y", "DB_PASSWORD=*** PGPASSWORD=*** client_secret: ***"],
  ['{"password": "hunter2", "user": "leo"}', '{"password": ***, "user": "leo"}'],
  ['{\\"password\\":\\"hunter2\\"}', '{\\"password\\":***'],
  ['password="hunter2 and no end', "password=***"],
  ["password='hunter2\nand no end", "password=***"],
  // No blank to PostgreSQL, one to the \s of JavaScript.
  ["password=hunter\u00a02 rest", "password=*** rest"],
];

/** Texts without a secret, to be kept as they are. */
export const harmless = [
  'function leo.start_exec_session(jsonb, jsonb) does not exist; duplicate key value violates "x_key"',
  "see keyjar.json at https://example.test:8080/path, a password is needed",
  "Grüße, 日本語 \\1 & $1",
  "",
];
