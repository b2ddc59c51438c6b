// instanceof tells errors apart, and then the compiler knows their details.

import { ConnectionError, DeadlockError, LockError, LostError } from "lockbroker";
import type { RequestInfo, Step, StolenError, WaitError } from "lockbroker";
import { same } from "./same.js";

export function explain(error: unknown): string {
  if (error instanceof DeadlockError) {
    same<typeof error.cycle, Step[]>(true);
    return `${error.code}: ${error.cycle.map((step) => step.lock)}`;
  }
  if (error instanceof LockError) {
    if (error.retry === "later") return `${error.holders.length} hold, ${error.ahead} wait`;
    // @ts-expect-error There is no such code.
    if (error.code === "dead") return "";
    // @ts-expect-error Only a DeadlockError has a cycle.
    return error.cycle;
  }
  if (error instanceof ConnectionError) return `${error.message} ${error.code ?? error.status}`;
  if (error instanceof LostError) {
    same<typeof error.by, string | undefined>(true);
    same<typeof error.names, readonly string[]>(true);
    return error.reason === "evicted" ? `by ${error.by}` : `${error.reason}: ${error.id} ${error.token.toFixed()}`;
  }
  return `${error}`;
}

export function timeout(error: WaitError | StolenError): RequestInfo[] {
  if (error.name === "TimeoutError") return error.holders;
  same<typeof error.reason, "stolen">(true);
  same<typeof error.token, number>(true);
  return [];
}

// @ts-expect-error Only the client makes errors.
new LockError();
// @ts-expect-error
new LostError();
