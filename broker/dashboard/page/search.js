import { toMatcher } from "./glob.js";

// toFilter returns a function that says whether a lock is one that somebody searches for: its name matches the glob, or,
// if the text is no glob, its name or one of its holders contains the text. It returns undefined for a bad glob.
export const toFilter = (text) => {
  if (/[*?[\]{}\\]/.test(text)) {
    const matches = toMatcher(text);
    return matches && (({ name }) => matches(name));
  }
  const wanted = text.toLowerCase();
  const contains = (part) => part?.toLowerCase().includes(wanted);
  const isOf = ({ author, client, identity, remote, id }) => [author, client, identity, remote, id].some(contains);
  return ({ name, holders }) => contains(name) || [...holders.values()].some(isOf);
};
