import { retryOf } from "./codes.js";

// A LockError is a refusal by the broker.
export class LockError extends Error {
  name = "LockError";
}

// A DeadlockError refuses what could never be granted; cycle says who waits for whom.
export class DeadlockError extends LockError {
  name = "DeadlockError";
}

// A ConnectionError says that there is no connection, and why: the code with which it was
// closed, or the HTTP status with which it was refused, where that can be seen.
export class ConnectionError extends Error {
  name = "ConnectionError";
}

// A LostError says that a lock is held no more although it was not released.
export class LostError extends Error {
  name = "LostError";
}

// refusal is the error for an error of the broker.
export function refusal({ code, message, by, cycle, holders = [], ahead = 0 }) {
  const Refusal = cycle ? DeadlockError : LockError;
  const error =
    code === "timeout"
      ? exception("TimeoutError", message)
      : withDetails(new Refusal(message), { code, retry: retryOf(code), by, cycle });
  return withDetails(error, { holders, ahead });
}

// lost is the error for the loss of a lock, because of an error, or told by the broker. To
// Web Locks a steal is an AbortError.
export function lost(reason, cause, { by, message } = cause ?? {}) {
  const text = `the lock was lost: ${[reason, by && `by ${by}`, message].filter(Boolean).join(", ")}`;
  const error = reason === "stolen" ? exception("AbortError", text) : new LostError(text, { cause });
  return withDetails(error, { reason, by });
}

// withDetails is error with further properties.
export const withDetails = Object.assign;

// A frame that was removed has no such global any more.
const { DOMException } = globalThis;

// exception is one of the platform's own, as Web Locks has them.
export const exception = (name, message) => new DOMException(message, name);
