import { exception } from "./errors.js";
import { requestOf } from "./lock.js";

// The arguments of callers, converted and checked as Web IDL and the Web Locks specification
// require, in their order: https://w3c.github.io/web-locks/#api-lock-manager-request

export const expect = (ok, wanted) => {
  if (!ok) throw new TypeError(`want ${wanted}`);
};

export const forbid = (found, what) => {
  if (found) throw exception("NotSupportedError", `not supported: ${what}`);
};

// toDOMString differs from String() in that it refuses symbols.
export const toDOMString = (value) => `${value}`;

// toText converts what only people read. Lone surrogates are not text.
export const toText = (value) => {
  const text = value === undefined ? value : toDOMString(value);
  expect(!text || text.isWellFormed(), "well-formed text");
  return text;
};

// The least and the greatest value of each option that is a number. hold and wait are in milliseconds:
// the protocol allows 365 days, and a hold leaves room for its backstop. The broker limits max to 1000.
const ranges = {
  hold: [1, 330 * 86_400_000],
  limit: [1, 1_000_000],
  max: [1, 10_000],
  queue: [1, 10_000],
  wait: [0, 365 * 86_400_000],
};

// toNumber reads the option of that name, and rounds it up.
export const toNumber = (options, name) => {
  const value = options[name];
  if (value !== undefined) {
    const [least, most] = ranges[name];
    expect(typeof value === "number" && value >= least && value <= most, `${name}: a number, ${least} to ${most}`);
    return Math.ceil(value);
  }
};

// toWord reads the option of that name, which is usual or other. Default: usual.
export const toWord = (options, name, usual, other) => {
  const { [name]: value = usual } = options;
  const word = toDOMString(value);
  expect(word === usual || word === other, `${name}: ${usual} or ${other}`);
  return word;
};

export const toMode = (options) => toWord(options, "mode", "exclusive", "shared");

export const toNames = (value = []) => {
  expect(typeof value !== "string", "names: a list");
  return [...value].map(toSpec);
};

// toSpec converts one of the further names. A name alone has the mode and the limit of the first.
const toSpec = (value) => {
  if (Object(value) !== value) return { name: toDOMString(value) };
  return { limit: toNumber(value, "limit"), mode: toMode(value), name: toDOMString(value.name) };
};

// mostHolders returns how many holders a lock may have, and 0 for an exclusive one, which is stricter than a limit of 1.
const mostHolders = ({ mode, limit = Infinity }) => (mode === "exclusive" ? 0 : limit);

// toSpecs returns all locks of a request. Of the repeats of a name, the strictest counts.
export const toSpecs = (first, more) => {
  const specs = new Map();
  for (const spec of [first, ...more]) {
    const { name } = spec;
    forbid(name[0] === "-", "a name that begins with -");
    const whole = { ...first, ...spec };
    const known = specs.get(name);
    if (!known || mostHolders(whole) < mostHolders(known)) specs.set(name, whole);
  }
  return [...specs.values()];
};

// toParent accepts a lock, or the id of a request of another program. The broker will say whether
// that one is held.
export const toParent = (value) => {
  expect(value === undefined || requestOf(value) || /^\w+--\d+$/.test(value), "parent: a lock or its id");
  return value;
};

// toSignal also accepts signals of other realms, such as frames. The getter throws a TypeError for
// anything else.
export const toSignal = (value) => {
  if (value !== undefined) Reflect.get(AbortSignal.prototype, "aborted", value);
  return value;
};
