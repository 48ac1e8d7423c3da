import { ControlPlaneError } from "../../../types/client/index.ts";

/** The error that a call rejects with. */
export async function failedCall(call: Promise<unknown>): Promise<ControlPlaneError> {
  const outcome = await call.then(
    (answer) => ({ answer }),
    (error: unknown) => error,
  );
  if (outcome instanceof ControlPlaneError) return outcome;
  throw outcome instanceof Error ? outcome : new Error(`it did not fail: ${JSON.stringify(outcome)}`);
}
