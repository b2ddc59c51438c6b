import { retryOf } from "./codes.js";

// A LockError is a refusal by the broker.
export class LockError extends Error {
  name = "LockError";
}

// A DeadlockError refuses a request that could never be granted. Its cycle says who waits for whom.
export class DeadlockError extends LockError {
  name = "DeadlockError";
}

// A ConnectionError says why there is no connection. It has the close code, or the HTTP status of
// the refusal, if the platform reports it.
export class ConnectionError extends Error {
  name = "ConnectionError";
}

// A LostError says that a lock is no longer held although it was not released.
export class LostError extends Error {
  name = "LostError";
}

// refusal returns the error for an error message of the broker.
export const refusal = ({ code, message, by, cycle, holders = [], ahead = 0 }) => {
  return withDetails(
    code === "timeout"
      ? exception("TimeoutError", message)
      : withDetails(new (cycle ? DeadlockError : LockError)(message), { code, retry: retryOf(code), by, cycle }),
    { holders, ahead },
  );
};

// loss returns the error for a lock that was lost. The details are from the broker's message, or from
// the error that is the cause. Web Locks tells the victim of a steal by an AbortError.
export const loss = (reason, { by, message } = {}, cause) => {
  const text = `lock was lost: ${reason}${by ? ` by ${by}` : ""}${message ? `: ${message}` : ""}`;
  return withDetails(
    reason === "stolen" ? exception("AbortError", text) : new LostError(text, { cause }),
    { reason, by },
  );
};

// withDetails returns error with further properties.
export const withDetails = Object.assign;

// This is read at load time, because a frame that was removed no longer has the global.
const { DOMException } = globalThis;

// exception returns one of the platform's own errors, as Web Locks uses them.
export const exception = (name, message) => new DOMException(message, name);

export const invalidState = (message) => exception("InvalidStateError", message);
