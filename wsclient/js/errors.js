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

// refusal returns the error for an error message of the broker. If it refuses a request, names are the
// names of its locks, and session names its connection. By session the client finds itself among the holders.
export const refusal = ({ code, message, by, cycle, holders = [], ahead = 0 }, names, session) => {
  const describe = ({ id, author, client = "", duration_ms }) => {
    if (!id) return "a hidden request";
    const who = id.startsWith(session) ? "this client" : quote(author ?? client);
    return `${who} (${id}) for ${duration_ms / 1000} s`;
  };
  let text = (names ? `${toSubject(names)}: ` : "") + blame(code, by, message);
  if (holders[0]) text += `; held by ${holders.map(describe).join(", ")}`;
  if (ahead) text += `; ${ahead} ahead`;
  return withDetails(
    code === "timeout"
      ? exception("TimeoutError", text)
      : withDetails(new (cycle ? DeadlockError : LockError)(text), { code, retry: retryOf(code), by, cycle }),
    { holders, ahead },
  );
};

// loss returns the error for a lock that was lost. The details are from the broker's message. cause is the
// error that ended the connection. Web Locks tells the victim of a steal by an AbortError.
export const loss = (names, id, token, reason, cause, { by, message } = {}) => {
  const how = reason === "expired" ? "its hold has passed" : reason;
  const why = cause ? cause.message : blame(how, by, message);
  const text = `${toSubject(names)} (${id}, token ${token}) was lost: ${why}`;
  return withDetails(
    reason === "stolen" ? exception("AbortError", text) : new LostError(text, cause && { cause }),
    { names, id, token, reason, by },
  );
};

// noConnection returns the error that says why there is no connection to url. isOver says that there was one. The
// query is left out, because it may hold secrets.
export const noConnection = (url, isOver, why, cause, details) => {
  const [where] = url.split("?");
  const text = isOver ? `connection to ${where} has ended` : `cannot connect to ${where}`;
  return withDetails(new ConnectionError(text + (why && `: ${why}`), cause && { cause }), details);
};

// quote returns text of another client so that it cannot pass for the words around it.
const quote = JSON.stringify;

const toSubject = (names) => `lock ${quote(names).slice(1, -1)}`;

// blame returns what was done, by whom, and why, if that is known.
const blame = (what, by, message) => what + (by ? ` by ${quote(by)}` : "") + (message ? `: ${message}` : "");

// withDetails returns error with further properties.
export const withDetails = Object.assign;

// This is read at load time, because a frame that was removed no longer has the global.
const { DOMException } = globalThis;

// exception returns one of the platform's own errors, as Web Locks uses them.
export const exception = (name, message) => new DOMException(message, name);

export const invalidState = (message) => exception("InvalidStateError", message);
