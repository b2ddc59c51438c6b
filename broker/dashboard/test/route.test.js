import assert from "node:assert/strict";
import test from "node:test";
import { escapeName, unescapeName } from "../../../wsclient/js/names.js";
import { lockOf, readRoute, setRoute, toHash } from "../page/route.js";

// follow goes to a fragment, as a click on a link does.
const follow = (hash) => (globalThis.location = new URL(hash, "http://localhost/"));
globalThis.history = { replaceState: (state, title, hash) => follow(hash) };

const ordinary = ["orders/42", "a b&c=d+e%20#?", "ä😀", "\0\n\u202e", " ", "__proto__"];
const odd = ["", "x\ud800y", "\udc00\ud800", "\ud83d", "\uffff", "\uffff\uffff", "\uffffd800", "a\uffff", "\ufffe"];

test("every name comes back from a link", () => {
  for (const name of [...ordinary, ...odd, ...words(4)]) {
    follow(toHash({ lock: name }));
    assert.equal(lockOf(readRoute()), name);
  }
});

test("names of different locks make different links", () => {
  const names = new Set([...ordinary, ...odd, ...words(4)]);
  assert.equal(new Set([...names].map((lock) => toHash({ lock }))).size, names.size);
});

test("a link has the name as the wire does", () => {
  for (const name of [...ordinary, ...odd, ...words(4)]) {
    const wire = escapeName(name);
    assert.equal(toHash({ lock: name }), `#${new URLSearchParams({ lock: wire })}`);
    assert.equal(lockOf(new URLSearchParams({ lock: wire })), name);
  }
});

test("a link that nobody has escaped names the lock that the client would report", () => {
  for (const text of ["\uffffzz", "a\uffff", "\uffffD800", "\uffffd83d\uffffde00", "\uffff0041", "\ufffd"]) {
    assert.equal(lockOf(new URLSearchParams({ lock: text })), unescapeName(text));
  }
});

test("a route without a lock has none", () => {
  for (const route of [{}, { deadlocks: "" }, { request: "a--1" }, { search: "\uffff" }]) {
    follow(toHash(route));
    assert.equal(lockOf(readRoute()), undefined);
    assert.deepEqual(Object.fromEntries(readRoute()), route);
  }
});

test("a request in a list of a lock has both in its link", () => {
  follow(toHash({ request: "a--1", lock: "" }));
  assert.equal(readRoute().get("request"), "a--1");
  assert.equal(lockOf(readRoute()), "");
});

test("what is typed changes its part of the route only", () => {
  follow("#search=a&sort=name");
  setRoute({ search: "b c" });
  assert.deepEqual(Object.fromEntries(readRoute()), { search: "b c", sort: "name" });
  setRoute({ search: "" });
  assert.deepEqual(Object.fromEntries(readRoute()), { sort: "name" });
});

// words returns all texts of up to that many of the characters that escaping could confuse.
function words(length) {
  let all = [""];
  for (let i = 0; i < length; i++) {
    const last = all.filter((word) => word.length === i);
    all = [...all, ...last.flatMap((word) => ["\uffff", "\ud800", "\udc00", "d", "8", "0"].map((c) => word + c))];
  }
  return all;
}
