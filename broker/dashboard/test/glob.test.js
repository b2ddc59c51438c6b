import assert from "node:assert/strict";
import test from "node:test";
import { toFilter, toGlob, toMatcher } from "../page/glob.js";
import { pick, random } from "./random.js";

test("text without special characters is searched for anywhere in a name", () => {
  for (const text of ["", "rd", "/4", "a.b", "^", "-", ",", "!", "$", "😀"]) {
    assert.equal(toFilter(text)(`orders/42 ${text} end`), true, text);
    assert.equal(toFilter(text)("xyz"), text === "", text);
  }
  assert.equal(toFilter("a.b")("axb"), false);
});

test("text with special characters is a glob for the whole name", () => {
  assert.equal(toFilter("orders/*")("orders/42"), true);
  assert.equal(toFilter("orders/*")("my/orders/42"), false);
  assert.equal(toFilter("orders/*")("orders/42/eu"), false);
  assert.equal(toFilter("orders/**")("orders/42/eu"), true);
  assert.equal(toFilter("{a,b}[0-9]?")("b7😀"), true);
});

test("a glob that is not valid, or costs too much, has no filter", () => {
  for (const text of ["[", "[]", "{a", "a}", "\\", "{a,b}".repeat(20), `*${"a".repeat(2048)}`, "*".repeat(3e6)]) {
    assert.equal(toFilter(text), undefined, text.slice(0, 20));
  }
});

test("the glob of a name matches this name only", () => {
  const next = random(1);
  const characters = [..."ab/*?[]{}\\,-^!é💡", "\ud800", "\udca1"];
  const toName = () => Array.from({ length: next() * 5 }, () => pick(next, characters)).join("");
  const names = Array.from({ length: 300 }, toName);
  for (const name of names) {
    const matches = toMatcher(toGlob(name));
    for (const other of names) assert.equal(matches(other), other === name, JSON.stringify([name, other]));
  }
});

test("a surrogate that is alone is one character, and no part of a pair", () => {
  assert.equal(toMatcher("x?y")("x\ud800y"), true);
  assert.equal(toMatcher("[\ud800-\udbff]")("\ud800"), true);
  assert.equal(toMatcher("\ud83d*")("💡"), false);
  assert.equal(toMatcher("*\udca1")("💡"), false);
  assert.equal(toMatcher("*?")("💡"), true);
  assert.equal(toMatcher("??")("💡"), false);
});
