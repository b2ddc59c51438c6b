import { behaviour } from "./behaviour.js";

/** Requires that all these names can be held at once and, if queried is true, that query() lists each of them. */
const apart = async ({ locks, hold, equal, fail, state, alike }, names, { queried = true } = {}) => {
  const holders = [];
  for (const resource of names) {
    const holder = await hold(locks, resource, { ifAvailable: true });
    if (holder.lock === null) fail(`${JSON.stringify(resource)} is taken by another name`);
    equal(holder.lock.name, resource, "lock.name");
    holders.push(holder);
  }
  for (const resource of queried ? names : []) {
    alike(await state(locks, resource), { held: ["exclusive"], pending: [] }, `query() of ${JSON.stringify(resource)}`);
  }
  for (const holder of holders) holder.release();
  await Promise.all(holders.map((holder) => holder.done));
};

const loneSurrogates = (n) => [
  `\ud800${n}`,
  ...["\ud800", "\udbff", "\udc00", "\udfff", "\ufffd", "\udc00\ud800"].map((tail) => n + tail),
];

export default [
  behaviour("the empty string is a name", (t) => apart(t, ["", t.name()])),

  behaviour("spaces are a name, and each one counts", (t) => {
    const n = t.name();
    return apart(t, [" ", "  ", "\t", "\n", n, ` ${n}`, `${n} `]);
  }),

  behaviour("NUL is part of a name like any other", (t) => {
    const n = t.name();
    return apart(t, ["\0", "\0\0", n, `${n}\0`, `${n}\0a`, `${n}\0b`]);
  }),

  behaviour("control characters are parts of names", (t) => {
    const n = t.name();
    return apart(t, [`${n}\x01`, `${n}\x1f`, `${n}\x7f`, `${n}\x80`, `${n}\u2028`, `${n}\r\n`, `${n}\x1b[2J`]);
  }),

  behaviour("U+FFFF, U+FFFE and U+FEFF are parts of names", (t) => {
    const n = t.name();
    return apart(t, ["\uffff", `${n}\uffff`, `${n}\ufffe`, `${n}\ufffd`, `${n}\ufeff`, `\ufeff${n}`]);
  }),

  behaviour("characters beyond U+FFFF are parts of names", (t) => {
    const n = t.name();
    return apart(t, [`${n}\u{1f512}`, `${n}\u{1f513}`, `${n}\u{10ffff}`]);
  }),

  behaviour("lone surrogates are parts of names, all distinct", (t) =>
    apart(t, loneSurrogates(t.name()), { queried: false }),
  ),

  behaviour(
    "query() lists lone surrogates unchanged",
    (t) => apart(t, loneSurrogates(t.name())),
    "chromium: in query() lone surrogates have become U+FFFD",
  ),

  behaviour("names are not normalised: two spellings of one letter are two names", (t) => {
    const n = t.name();
    return apart(t, [`${n}\u00e9`, `${n}e\u0301`, `${n}\u212b`, `${n}\u00c5`]);
  }),

  behaviour("upper and lower case are two names", (t) => {
    const n = t.name();
    return apart(t, [`${n}a`, `${n}A`]);
  }),

  behaviour("escapes, patterns and paths in names have no meaning", (t) => {
    const n = t.name();
    const tails = [
      "%",
      "%00",
      "%25",
      "%2500",
      "\\",
      "\\0",
      "\\u0000",
      "*",
      "**",
      "?",
      "[a]",
      "{a,b}",
      "/",
      "//",
      "/..",
      "+",
      "~",
      "~0",
      "=",
      "_",
      '"',
      "'",
      "#",
      "&amp;",
    ];
    return apart(t, [...tails.map((tail) => n + tail), ...tails.map((tail) => tail + n)]);
  }),

  behaviour("names of properties that all objects have are names like any other", (t) =>
    apart(t, ["__proto__", "constructor", "toString", "hasOwnProperty", "then", "length", "0"]),
  ),

  behaviour("a name may be long", (t) => {
    const n = t.name();
    return apart(t, [n + "x".repeat(400), n + "x".repeat(401)]);
  }),

  behaviour("a name that begins with a hyphen rejects with NotSupportedError", async ({ locks, rejects, never }) => {
    for (const resource of ["-", "--", "-name", "-\0"]) {
      await rejects(locks.request(resource, never), "NotSupportedError", resource);
    }
  }),

  behaviour("a hyphen after the first character, and other dashes, are parts of names", (t) => {
    const n = t.name();
    return apart(t, [`${n}-`, `a-${n}`, `\u2010${n}`, `\u2212${n}`, ` -${n}`, `\0-${n}`]);
  }),

  behaviour("a name is converted to a string", async ({ locks, equal }) => {
    const object = { toString: () => "weblocks object", valueOf: () => "value" };
    for (const [given, want] of [
      [5, "5"],
      [null, "null"],
      [undefined, "undefined"],
      [true, "true"],
      [["a", "b"], "a,b"],
      [object, "weblocks object"],
    ]) {
      equal(await locks.request(given, (lock) => lock.name), want);
    }
  }),

  behaviour("a name that is a symbol rejects with TypeError", async ({ locks, rejects, never }) => {
    await rejects(locks.request(Symbol("name"), never), "TypeError");
  }),

  behaviour(
    "an exception from the conversion of the name rejects, by identity",
    async ({ locks, rejectsWith, never }) => {
      const ours = { message: "ours" };
      const resource = {
        toString: () => {
          throw ours;
        },
      };
      await rejectsWith(locks.request(resource, never), ours);
    },
  ),

  behaviour("a name is read once, when request() is called", async ({ locks, name, equal }) => {
    let reads = 0;
    const resource = { toString: () => `${name()} ${++reads}` };
    const promise = locks.request(resource, (lock) => lock.name);
    equal(reads, 1, "reads before request() has returned");
    equal((await promise).endsWith(" 1"), true);
    equal(reads, 1, "reads in the end");
  }),

  behaviour("a held lock does not delay other names", async ({ locks, name, hold, equal }) => {
    await hold(locks, name());
    equal(await locks.request(name(), () => "done"), "done");
  }),
];
