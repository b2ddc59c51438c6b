// Lock names are DOMStrings here: any sequence of 16-bit units, which may be empty. On the wire a
// name is Unicode text of at least one character. Whatever the wire refuses is escaped with U+FFFF,
// a noncharacter that no text contains. All other names are sent as they are, so they name the same
// locks to clients in other languages.

const mark = "\uFFFF";
const odd = /\uFFFF|[\uD800-\uDFFF]/gu; // with the flag u a surrogate matches only if it is alone

// escapeName returns the form of name on the wire. Different names stay different.
export const escapeName = (name) =>
  name === "" ? mark : name.replace(odd, (c) => mark + (c === mark ? c : c.charCodeAt(0).toString(16)));

// unescapeName is the inverse of escapeName. Text that escapeName did not produce is returned
// unchanged.
export const unescapeName = (text) => {
  if (text === mark) return "";
  const name = text.replace(/\uFFFF(\uFFFF|....)/g, (_, c) => (c === mark ? c : String.fromCharCode(`0x${c}`)));
  return escapeName(name) === text ? name : text;
};

// bytesOf returns the length of text on the wire.
export const bytesOf = (text) => new TextEncoder().encode(text).length;

// parse reads a frame, and unescapes the names in it.
export const parse = (frame) => JSON.parse(frame, /\uFFFF|\\uffff/i.test(frame) && revive);

// Names are the values of name and lock, and the elements of lists of strings.
const revive = (key, value) => (typeof value === "string" && /^(name|lock|\d+)$/.test(key) ? unescapeName(value) : value);
