// Globs over lock names, with the meaning that PROTOCOL.md gives them: * and ? do not match a slash, ** does; [a-z] is a
// class, {a,b} lists alternatives, \ escapes.

const special = /[*?[\]{}\\]/;

// toFilter returns a function that says whether a name is one that somebody searches for: it matches the glob, or
// contains the text if that has no special characters. It returns undefined for a glob that is not valid.
export const toFilter = (text) => {
  if (!special.test(text)) return (name) => name.includes(text);
  return toMatcher(text);
};

// toMatcher returns a function that says whether a glob matches a name, or undefined if the glob is not valid.
export const toMatcher = (glob) => {
  try {
    const expressions = alternatives(glob).map((one) => new RegExp(`^(?:${toExpression(one)})$`, "su"));
    return (name) => expressions.some((expression) => expression.test(name));
  } catch {
    return undefined;
  }
};

// toGlob returns the glob that matches this name only.
export const toGlob = (name) => name.replace(/[*?[\]{}\\]/g, "\\$&");

const most = 2048; // alternatives: the broker refuses more

// alternatives expands the braces of a glob.
const alternatives = (glob) => {
  const open = find(glob, 0, "{");
  if (open < 0) return [glob];
  const parts = [];
  let depth = 0;
  let from = open + 1;
  for (let i = open; ; i = find(glob, i + 1, "{,}")) {
    if (i < 0) throw new SyntaxError("{ without }");
    if (glob[i] === "{") depth++;
    else if (glob[i] === "}") depth--;
    if (depth === 0 || (depth === 1 && glob[i] === ",")) {
      parts.push(glob.slice(from, i));
      from = i + 1;
    }
    if (depth > 0) continue;
    const all = parts.flatMap((part) => alternatives(glob.slice(0, open) + part + glob.slice(i + 1)));
    if (all.length > most) throw new RangeError("too many alternatives");
    return all;
  }
};

// find returns the index of the first of these characters that is neither escaped nor in a class, or -1.
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

// toExpression returns the regular expression of a glob without braces.
const toExpression = (glob) => {
  const token = /\\(.)|\/\*\*$|(?<=^|\/)\*\*(?:\/|$)|\*+|\?|\[(\^|!)?((?:\\.|[^\]\\])+)\]|(.)/suy;
  let expression = "";
  while (token.lastIndex < glob.length) {
    const [text, escaped, negated, members, plain] = token.exec(glob) ?? [];
    if (text === undefined || plain === "[" || plain === "\\") throw new SyntaxError("not a glob");
    if (escaped ?? plain) expression += toLiteral(escaped ?? plain);
    else if (members) expression += toClass(negated, members);
    else expression += wild[text] ?? "[^/]*";
  }
  return expression;
};

const wild = { "/**": "(?:/.*)?", "**/": "(?:.*/)?", "**": ".*", "?": "[^/]" };

const toLiteral = (character) => `\\u{${character.codePointAt(0).toString(16)}}`;

const toClass = (negated, members) => {
  const ranges = /(\\.|[^\\])(?:-(\\.|[^\\]))?/gsu;
  const last = (text) => toLiteral(text.replace(/^\\(?=.)/su, ""));
  let all = "";
  for (const [, low, high = low] of members.matchAll(ranges)) {
    const [a, b] = [low, high].map(last);
    if (a.length < b.length || (a.length === b.length && a <= b)) all += `${a}-${b}`;
  }
  if (!all) return negated ? "." : "(?!)";
  return `[${negated ? "^" : ""}${all}]`;
};
