// Globs over lock names, with the meaning that PROTOCOL.md gives them. The algorithm is that of the broker's library,
// github.com/bmatcuk/doublestar, so that both agree on odd globs too; a test compares them. Regular expressions would
// take exponential time for some globs, and a link can carry a glob.

// toFilter returns a function that says whether a name is one that somebody searches for: it matches the glob, or
// contains the text if that has no special characters. It returns undefined for a glob that is not valid.
export const toFilter = (text) => (/[*?[\]{}\\]/.test(text) ? toMatcher(text) : (name) => name.includes(text));

// toMatcher returns a function that says whether a glob matches a name. It returns undefined if the glob is not valid,
// or costs more than the broker accepts.
export const toMatcher = (glob) => {
  const cost = toWays(glob) * new TextEncoder().encode(glob).length;
  if (cost > mostCost || !wellFormed.test(glob)) return undefined;
  const tree = toTree(glob, 0);
  return (name) => match(tree, name, 0, 0, -1, -1, -1, -1);
};

// toGlob returns the glob that matches this name only.
export const toGlob = (name) => name.replace(/[*?[\]{}\\]/g, "\\$&");

const mostCost = 2048; // bytes of UTF-8 times ways: MaxCost in broker/wire/glob

// A glob consists of escaped characters, classes, which are not empty, and other characters.
const wellFormed = /^(?:\\[^]|\[(?![!^]?\])(?:\\[^]|[^\]\\])+\]|[^[\\])*$/;

// toWays returns in how many ways the braces of a glob branch, as the broker counts them: nested ones multiply too. It
// returns Infinity if a brace has no counterpart.
const toWays = (glob) => {
  const open = []; // the number of alternatives in each open brace
  let ways = 1;
  for (let i = -1; (i = find(glob, i + 1, "{,}")) >= 0; ) {
    if (glob[i] === "{") open.push(1);
    else if (glob[i] === "}") ways *= open.pop() ?? Infinity;
    else if (open.length) open.push(open.pop() + 1);
  }
  return open.length ? Infinity : ways;
};

// find returns the index of the first of these characters, from an index on, that is neither escaped nor in a class.
const find = (glob, from, characters) => {
  let inClass = false;
  for (let i = from; i < glob.length; i++) {
    if (glob[i] === "\\") i++;
    else if (inClass) inClass = glob[i] !== "]";
    else if (glob[i] === "[") inClass = true;
    else if (characters.includes(glob[i])) return i;
  }
  return -1;
};

// toTree returns the text of a glob, the index of its first brace, or -1, and for each alternative in that brace the
// tree of the glob that has only this alternative there. There is no brace before the index from.
const toTree = (text, from) => {
  const brace = find(text, from, "{");
  const cuts = [brace]; // and the commas between the alternatives, and the closing brace
  for (let i = brace, depth = brace < 0 ? 0 : 1; depth > 0; ) {
    i = find(text, i + 1, "{,}");
    depth += { "{": 1, ",": 0, "}": -1 }[text[i]];
    if (depth === 0 || (depth === 1 && text[i] === ",")) cuts.push(i);
  }
  const [before, after] = [text.slice(0, brace), text.slice(cuts.at(-1) + 1)];
  const toAlternative = (cut, i) => toTree(before + text.slice(cuts[i] + 1, cut) + after, brace);
  return { text, brace, alternatives: cuts.slice(1).map(toAlternative) };
};

// match says whether a glob from index g matches a name from index n. Where they differ, the last * takes more of the
// name: it has taken what is before starEnd, and the glob goes on at star. If it cannot, the last **/ does, with deep
// and deepEnd. Earlier stars need not take more: the last one reaches all that they could.
const match = (tree, name, g, n, star, starEnd, deep, deepEnd) => {
  const glob = tree.text;
  while (n < name.length) {
    if (g === tree.brace) {
      // A closure over these variables would make them slow.
      for (const one of tree.alternatives) if (match(one, name, g, n, star, starEnd, deep, deepEnd)) return true;
      return false;
    }
    if (glob[g] === "*") {
      const beginsPart = g === 0 || glob[g - 1] === "/";
      if (beginsPart && glob[g + 1] === "*" && g + 2 === glob.length) return true;
      if (beginsPart && glob.startsWith("**/", g)) {
        deep = g += 3;
        deepEnd = n;
        star = -1;
      } else {
        star = ++g;
        starEnd = n;
      }
      continue;
    }
    const character = name.codePointAt(n);
    const next = matchOne(glob, g, character);
    if (next) {
      g = next;
      n += widthOf(character);
    } else if (star >= 0 && name[starEnd] !== "/") {
      g = star;
      n = starEnd += widthOf(name.codePointAt(starEnd));
    } else {
      const slash = deep < 0 ? -1 : name.indexOf("/", deepEnd);
      if (slash < 0) return false;
      g = deep;
      n = deepEnd = slash + 1;
    }
  }
  return matchesNothing(tree, g);
};

// matchesNothing says whether what is left of a glob matches the end of a name.
const matchesNothing = ({ text, brace, alternatives }, g) => {
  if (g === brace) return alternatives.some((one) => matchesNothing(one, g));
  return g === text.length || /^(\*|\/?\*\*\/?)$/.test(text.slice(g));
};

// matchOne returns the index after what matches this one character in a glob, or 0 if that does not match.
const matchOne = (glob, g, character) => {
  if (glob[g] === "?") return character === 0x2f ? 0 : g + 1;
  if (glob[g] === "[") return matchClass(glob, g + 1, character);
  if (glob[g] === "\\") g++;
  return glob.codePointAt(g) === character ? g + widthOf(character) : 0;
};

const widthOf = (character) => (character > 0xffff ? 2 : 1); // in UTF-16

const matchClass = (glob, g, character) => {
  const isNegated = glob[g] === "!" || glob[g] === "^";
  if (isNegated) g++;
  let isMember = false;
  let low; // where a range may begin
  while (glob[g] !== "]") {
    const isRange = low !== undefined && glob[g] === "-" && glob[g + 1] !== "]";
    if (isRange) g++;
    if (glob[g] === "\\") g++;
    const member = glob.codePointAt(g);
    isMember ||= isRange ? low <= character && character <= member : character === member;
    low = isRange || member === 0x10ffff ? undefined : member;
    g += widthOf(member);
  }
  return isMember === isNegated ? 0 : g + 1;
};
