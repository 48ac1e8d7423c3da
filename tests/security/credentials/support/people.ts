import { randomBytes } from "node:crypto";
import { startTestStack, type TestStack } from "../../../support/stack.ts";

/** Somebody who has signed in through Auth. */
export interface Person {
  id: string;
  email: string;
  accessToken: string;
  refreshToken: string;
}

/** A stack with people whom Auth knows. */
export interface Cast {
  stack: TestStack;
  operator: Person;
  chairman: Person;
  /** Has a role, but none that may move things. */
  viewer: Person;
  /** Has no role. */
  plain: Person;
}

export async function startCast(): Promise<Cast> {
  // Patient with Auth: a busy machine must not turn a refusal into "try again".
  const stack = await startTestStack({ functionsEnv: { LEO_AUTH_TIMEOUT_MS: "30000" } });
  const join = async (name: string, leo_role?: string): Promise<Person> => {
    const email = `${name}-${randomBytes(4).toString("hex")}@example.com`;
    const id = await stack.createUser({ email, appMetadata: leo_role === undefined ? {} : { leo_role } });
    const { data } = await (await stack.signIn(email)).auth.getSession();
    if (!data.session) throw new Error(`${email} has no session`);
    return { id, email, accessToken: data.session.access_token, refreshToken: data.session.refresh_token };
  };
  return {
    stack,
    operator: await join("operator", "operator"),
    chairman: await join("chairman", "chairman"),
    viewer: await join("viewer", "viewer"),
    plain: await join("plain"),
  };
}
