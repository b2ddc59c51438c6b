import assert from "node:assert/strict";
import test from "node:test";
import { toGlob, toMatcher } from "../page/glob.js";
import { pick, random } from "./random.js";

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
