// Errors are told apart by instanceof, and their details are there then.

import { ConnectionError, DeadlockError, LockError, LostError, type RequestInfo, type Step, type StolenError, type WaitError } from "lockbroker";
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
    // @ts-expect-error That is of a deadlock only.
    return error.cycle;
  }
  if (error instanceof ConnectionError) return `${error.message} ${error.code ?? error.status}`;
  if (error instanceof LostError) {
    same<typeof error.by, string | undefined>(true);
    return error.reason === "evicted" ? `by ${error.by}` : error.reason;
  }
  return `${error}`;
}

export function timeout(error: WaitError | StolenError): RequestInfo[] {
  if (error.name === "TimeoutError") return error.holders;
  same<typeof error.reason, "stolen">(true);
  return [];
}

// @ts-expect-error Only the client makes them.
new LockError();
// @ts-expect-error
new LostError();
