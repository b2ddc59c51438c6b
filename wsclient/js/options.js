import { notSupported } from "./errors.js";
import { Lock } from "./lock.js";

// What callers pass, converted and checked as Web IDL and the Web Locks specification
// say, in their order: https://w3c.github.io/web-locks/#api-lock-manager-request

// longest is a year in milliseconds, the longest wait of the protocol, and longestHold
// leaves room for the backstop under it.
const longest = 31_536_000_000;
const longestHold = 330 * 86_400_000;

export function toCallback(value) {
  if (typeof value !== "function") throw new TypeError("the callback is not a function");
  return value;
}

// toOptions reads the members in the order of their names, each once.
export function toOptions(value) {
  if (value === undefined || value === null) value = {};
  if (typeof value !== "object" && typeof value !== "function") throw new TypeError("the options are not an object");
  return {
    author: toText(value.author),
    hold: toNumber("hold", value.hold, 1, longestHold),
    ifAvailable: Boolean(value.ifAvailable),
    limit: toLimit(value.limit),
    mode: toMode(value.mode),
    names: toNames(value.names),
    parent: toParent(value.parent),
    signal: toSignal(value.signal),
    steal: Boolean(value.steal),
    wait: toNumber("wait", value.wait, 0, longest),
  };
}

// check says what may not go together. It is called before anything is asked for.
export function check(name, o) {
  for (const n of [name, ...o.names.map((spec) => spec.name)]) {
    if (n.startsWith("-")) throw notSupported("names that begin with - are reserved");
  }
  const shared = o.mode === "shared" || o.names.some((spec) => spec.mode === "shared");
  refuse(o.steal && o.ifAvailable, "steal and ifAvailable");
  refuse(o.steal && shared, "steal and the mode shared");
  refuse(o.signal && (o.steal || o.ifAvailable), "signal and steal or ifAvailable");
  const limited = [o, ...o.names].some((spec) => spec.limit && spec.mode === "exclusive");
  refuse(limited, "limit and the mode exclusive");
  refuse(o.wait !== undefined && (o.steal || o.ifAvailable), "wait and steal or ifAvailable");
  refuse(o.parent && o.steal, "parent and steal");
  o.signal?.throwIfAborted();
}

function refuse(both, what) {
  if (both) throw notSupported(`${what} cannot go together`);
}

// toDOMString is the conversion to a DOMString, which String() is not: that takes symbols.
export const toDOMString = (value) => `${value}`;

// toText is the conversion to text, of what only people read.
export function toText(value) {
  return value === undefined ? undefined : toDOMString(value).toWellFormed();
}

function toNumber(what, value, least, most) {
  if (value === undefined) return undefined;
  const n = Number(value);
  if (!(n >= least && n <= most)) throw new TypeError(`${what}: want ${least} to ${most}`);
  return Math.ceil(n);
}

const toLimit = (value) => toNumber("limit", value, 1, 1_000_000);

function toMode(value) {
  if (value === undefined) return "exclusive";
  const mode = toDOMString(value);
  if (mode !== "exclusive" && mode !== "shared") throw new TypeError(`mode: want exclusive or shared, not ${mode}`);
  return mode;
}

function toNames(value) {
  if (value === undefined) return [];
  if (typeof value === "string") throw new TypeError("names: want several, as in [name]");
  return [...value].map(toSpec);
}

// toSpec is one of the further names: a name, which has the mode and the limit of the
// first, or an object with its own.
function toSpec(value) {
  if (typeof value !== "object" || value === null) return { name: toDOMString(value) };
  return { limit: toLimit(value.limit), mode: toMode(value.mode), name: toDOMString(value.name) };
}

function toParent(value) {
  if (value !== undefined && !(value instanceof Lock)) throw new TypeError("parent: want a lock");
  return value;
}

const isAborted = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted").get;

// toSignal also takes those of other realms, such as frames; the getter throws a
// TypeError for anything else.
export function toSignal(value) {
  if (value !== undefined) isAborted.call(value);
  return value;
}
