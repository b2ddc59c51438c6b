import { exception } from "./errors.js";
import { requestOf } from "./lock.js";

// What callers pass, converted and checked as Web IDL and the Web Locks specification
// say, in their order: https://w3c.github.io/web-locks/#api-lock-manager-request

export function demand(ok, wanted) {
  if (!ok) throw new TypeError(`want ${wanted}`);
}

// toSpecs is all that a request is to hold: the first and the further ones. Repeats are one,
// which is exclusive if one of them is.
export function toSpecs(first, more) {
  const specs = new Map();
  for (const spec of [first, ...more]) {
    const { name } = spec;
    refuse(name.startsWith("-"), "a lock and a name that begins with -");
    if (specs.get(name)?.mode !== "exclusive") specs.set(name, { ...first, ...spec });
  }
  return [...specs.values()];
}

export function refuse(both, what) {
  if (both) throw exception("NotSupportedError", `${what} cannot go together`);
}

// toDOMString is what String() is not: that takes symbols.
export const toDOMString = (value) => `${value}`;

// toText is for what only people read. Lone surrogates are no text.
export function toText(value) {
  const text = value === undefined ? value : toDOMString(value);
  demand(text?.isWellFormed() ?? true, "well-formed text");
  return text;
}

const year = 31_536_000_000; // ms, the longest wait of the protocol

export const toWait = (value) => toNumber("wait", value, 0, year);

// toHold is a number that leaves room for the backstop under a year.
export const toHold = (value) => toNumber("hold", value, 1, 330 * 86_400_000);

function toNumber(what, value, least, most) {
  if (value === undefined) return value;
  demand(typeof value === "number" && value >= least && value <= most, `${what}: a number, ${least} to ${most}`);
  return Math.ceil(value);
}

// toCount is a number of which the broker says how great it may be.
export const toCount = (value) => toNumber("max and queue", value, 1, 10_000);

export const toLimit = (value) => toNumber("limit", value, 1, 1_000_000);

export function toMode(value = "exclusive") {
  const mode = toDOMString(value);
  demand(mode === "exclusive" || mode === "shared", "the mode exclusive or shared");
  return mode;
}

export function toNames(value = []) {
  demand(typeof value !== "string", "a list of names");
  return [...value].map(toSpec);
}

// toSpec is one of the further names: a name, which has the mode and the limit of the
// first, or an object with its own.
function toSpec(value) {
  if (Object(value) !== value) return { name: toDOMString(value) };
  return { limit: toLimit(value.limit), mode: toMode(value.mode), name: toDOMString(value.name) };
}

// toParent is the request of a lock that is held, or what stands in for that of another
// program, of which the id is known: whether it is held the broker will say.
export function toParent(value) {
  if (value === undefined) return value;
  const isID = /^\w+--\d+$/.test(value);
  const request = isID ? { granted: { id: value }, isHolding: () => true, error() {} } : requestOf(value);
  demand(request, "a lock or its id as parent");
  return request;
}

// toSignal also takes those of other realms, such as frames; the getter throws a
// TypeError for anything else.
export function toSignal(value) {
  if (value !== undefined) Reflect.get(AbortSignal.prototype, "aborted", value);
  return value;
}
