import { toMatcher } from "./glob.js";

// may reports whether the broker would let this client do something with all of these locks. principal is what whoami has
// said, or undefined. The broker decides: this only saves buttons that would not work, and wrong words.
export const may = (principal, verb, names) => {
  const matchers = globsOf(principal, verb).map(toMatcher).filter(Boolean);
  return names.every((name) => matchers.some((matches) => matches(name)));
};

// mayAll is may for all locks that there could be.
export const mayAll = (principal, verb) => globsOf(principal, verb).includes("**");

const globsOf = (principal, verb) =>
  (principal?.permissions ?? []).filter(({ allow }) => allow.includes(verb)).flatMap(({ locks }) => locks);
