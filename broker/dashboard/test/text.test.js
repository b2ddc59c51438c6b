import assert from "node:assert/strict";
import test from "node:test";
import { toCount, toDuration, toVisible } from "../page/text.js";

test("ordinary text is shown as it is", () => {
  const texts = ["orders/42", "a b", "ä😀", "日本語", "e\u0301", "\\u0000", "a\\b", "<b>&amp;</b>"];
  texts.push("x".repeat(512), "ي".repeat(256));
  for (const text of texts) assert.equal(toVisible(text), text);
});

test("characters that hide something are shown as codes", () => {
  const cases = {
    "a\0b": "a\\u{0}b",
    "a\nb\tc\x1b[31m": "a\\u{a}b\\u{9}c\\u{1b}[31m",
    "\x7f\x85": "\\u{7f}\\u{85}",
    "user\u202etxt.exe": "user\\u{202e}txt.exe",
    "\u2066a\u2069\u200f": "\\u{2066}a\\u{2069}\\u{200f}",
    "a\u200bb\ufeff\u2060": "a\\u{200b}b\\u{feff}\\u{2060}",
    "soft\u00adhyphen": "soft\\u{ad}hyphen",
    "a\u00a0b\u3000c": "a\\u{a0}b\\u{3000}c",
    "a\u2028b\u2029": "a\\u{2028}b\\u{2029}",
    "\ue000": "\\u{e000}", // private use
    "\u0378": "\\u{378}", // unassigned
    "tag\u{e0041}": "tag\\u{e0041}",
    "a\ufe0fb\ufe00\u{e0100}": "a\\u{fe0f}b\\u{fe00}\\u{e0100}", // variation selectors
    "a\u034f\u180b\u17b4": "a\\u{34f}\\u{180b}\\u{17b4}", // without width
    "\u3164\u115f\uffa0": "\\u{3164}\\u{115f}\\u{ffa0}", // Hangul fillers
    "a\u2800b": "a\\u{2800}b", // the Braille pattern without dots
  };
  for (const [text, want] of Object.entries(cases)) assert.equal(toVisible(text), want);
});

test("lone surrogates are shown as codes, and pairs stay", () => {
  assert.equal(toVisible("\ud800"), "\\u{d800}");
  assert.equal(toVisible("a\udc00b"), "a\\u{dc00}b");
  assert.equal(toVisible("\udc00\ud800"), "\\u{dc00}\\u{d800}");
  assert.equal(toVisible("\ud83d\ude00"), "😀");
});

test("emoji that are joined stay joined", () => {
  for (const text of ["👩‍👩‍👧", "👩‍💻", "🏳️‍🌈", "❤️‍🔥", "👩🏽‍💻"]) assert.equal(toVisible(text), text);
  assert.equal(toVisible("a\u200db"), "a\\u{200d}b");
  assert.equal(toVisible("👩\u200d"), "👩\\u{200d}");
  assert.equal(toVisible("\u200d👩"), "\\u{200d}👩");
});

test("a variation selector stays only where it makes an emoji", () => {
  for (const text of ["❤\ufe0f", "©\ufe0f", "1\ufe0f\u20e3"]) assert.equal(toVisible(text), text);
  assert.equal(toVisible("😀\ufe0f"), "😀\\u{fe0f}"); // it is one without
  assert.equal(toVisible("❤\ufe0f\ufe0f"), "❤\ufe0f\\u{fe0f}");
  assert.equal(toVisible("❤\ufe0e"), "❤\\u{fe0e}");
  assert.equal(toVisible("1\ufe0f"), "1\\u{fe0f}");
});

test("the empty text has a word, and no other text looks like it", () => {
  assert.equal(toVisible(""), "(empty)");
  const texts = ["", "(empty)", "\\u{28}empty)", "(empty", " (empty)"];
  assert.equal(new Set(texts.map(toVisible)).size, texts.length);
});

test("spaces at an end or behind another are shown as codes, and other ones inside stay", () => {
  assert.equal(toVisible("a  b"), "a \\u{20}b");
  assert.equal(toVisible("a   b c"), "a \\u{20}\\u{20}b c");
  assert.equal(toVisible(" a b "), "\\u{20}a b\\u{20}");
  assert.equal(toVisible(" "), "\\u{20}");
  assert.equal(toVisible("  "), "\\u{20}\\u{20}");
});

test("a name that looks like a code is told from the character", () => {
  assert.equal(toVisible("\\u{0}\0"), "\\\\u{0}\\u{0}");
  const names = ["\0", "\\u{0}", "\\\\u{0}", "\0\\", "\\\0", "\\u{0}\0"];
  assert.equal(new Set(names.map(toVisible)).size, names.length);
});

test("512 bytes of any kind are shown as text without such characters", () => {
  for (const piece of ["\0", "\u202e", "😀", "👩‍👩‍👧", "\ud800", " "]) {
    assert.doesNotMatch(toVisible(piece.repeat(512 / piece.length)), /[\p{Cc}\p{Cs}\u202e]/u);
  }
});

test("durations", () => {
  const cases = [
    [-5, "0.0 s"], [0, "0.0 s"], [49, "0.0 s"], [99, "0.0 s"], [100, "0.1 s"], [999, "0.9 s"], [9_999, "9.9 s"],
    [10_000, "10 s"], [59_999, "59 s"], [60_000, "1 min"], [61_000, "1 min 1 s"], [185_900, "3 min 5 s"],
    [3_599_999, "59 min 59 s"], [3_600_000, "1 h"], [3_659_999, "1 h"], [7_800_000, "2 h 10 min"],
    [86_399_999, "23 h 59 min"], [86_400_000, "1 d"], [273_600_000, "3 d 4 h"], [86_400_000 * 1000, "1000 d"],
  ];
  for (const [ms, want] of cases) assert.equal(toDuration(ms), want, String(ms));
});

test("a duration is never more than the time that has passed", () => {
  const sizes = { d: 86_400_000, h: 3_600_000, min: 60_000, s: 1000 };
  for (let ms = 0; ms < 1e8; ms = Math.ceil(ms * 1.01) + 7) {
    const parts = toDuration(ms).split(" ");
    const shown = parts.reduce((sum, part, i) => (i % 2 ? sum : sum + Number(part) * sizes[parts[i + 1]]), 0);
    assert.ok(shown <= ms + 1e-6, `${ms}: ${toDuration(ms)}`);
  }
});

test("counts", () => {
  assert.deepEqual([0, 1, 2, 12_000].map((count) => toCount(count, "waiter")),
    ["0 waiters", "1 waiter", "2 waiters", "12,000 waiters"]);
});
