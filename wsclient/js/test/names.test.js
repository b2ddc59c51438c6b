import assert from "node:assert/strict";
import test from "node:test";
import { escapeName, parse, unescapeName } from "../names.js";

const odd = ["", "\0", "\uFFFF", "\uFFFF\uFFFF", "\uD800", "\uDC00", "\uDC00\uD800", "\uFFFFd800", "\uD800\uFFFFdc00", "a\uDBFFb", "d800", "\uFFFE"];
const ordinary = ["orders/42", "100%", "%00", "ä😀", "\\u0000", " ", "*", "\u{10FFFF}", "\0"];

// alphabet holds the strings that escaping could confuse.
const alphabet = ["\uFFFF", "\uD800", "\uDC00", "d", "8", "0", "c"];

test("names that the wire accepts are sent unchanged", () => {
  for (const name of ordinary) assert.equal(escapeName(name), name);
});

test("every name has a form that the wire accepts, and is restored from it", () => {
  for (const name of [...odd, ...ordinary, ...words(5)]) {
    const text = escapeName(name);
    assert.ok(text.isWellFormed() && text.length > 0, JSON.stringify(name));
    assert.equal(unescapeName(text), name);
  }
});

test("different names are different on the wire", () => {
  const names = new Set([...odd, ...ordinary, ...words(5)]);
  assert.equal(new Set([...names].map(escapeName)).size, names.size);
});

test("text that escapeName did not produce stays unchanged", () => {
  for (const text of ["\uFFFFzz", "a\uFFFF", "\uFFFFD800", "\uFFFFd800\uFFFFdc00", "\uFFFF0041"]) {
    assert.equal(unescapeName(text), text);
  }
});

test("parse unescapes names, and nothing else", () => {
  const mark = "\\uFFFF";
  const frame = `{"message":"${mark}","locks":[{"name":"${mark}","holders":[{"author":"${mark}","locks":["${mark}","b"]}]}],"lock":"${mark}d800"}`;
  assert.deepEqual(parse(frame), {
    message: "\uFFFF",
    locks: [{ name: "", holders: [{ author: "\uFFFF", locks: ["", "b"] }] }],
    lock: "\uD800",
  });
});

function words(length) {
  let all = [""];
  for (let i = 0; i < length; i++) all = [...all, ...all.filter((w) => w.length === i).flatMap((w) => alphabet.map((c) => w + c))];
  return all;
}
