import assert from "node:assert/strict";
import test from "node:test";
import { toFilter } from "../page/search.js";

const lock = (name, ...holders) => ({ name, holders: new Map(holders.map((holder) => [holder.id, holder])) });
const finds = (text, name, ...holders) => toFilter(text)(lock(name, ...holders));

test("text without special characters is searched for anywhere in a name, in any case", () => {
  for (const text of ["", "rd", "/4", "a.b", "^", "-", ",", "!", "$", "😀", "Rd"]) {
    assert.equal(finds(text, `orders/42 ${text} end`), true, text);
    assert.equal(finds(text, "xyz"), text === "", text);
  }
  assert.equal(finds("a.b", "axb"), false);
  assert.equal(finds("PRINTER", "printer"), true);
});

test("it is also searched for in what the holders say of themselves", () => {
  const holder = { id: "abcd1234--7", author: "invoice", client: "billing@host7:812", remote: "10.1.4.7:51234" };
  for (const text of ["BILLING", "invoice", "1234--7", "10.1.4"]) assert.equal(finds(text, "x", holder), true, text);
  assert.equal(finds("shipping", "x", holder), false);
  assert.equal(finds("undefined", "x", { id: "abcd1234--8" }), false);
});

test("text with special characters is a glob for the whole name", () => {
  assert.equal(finds("orders/*", "orders/42"), true);
  assert.equal(finds("orders/*", "my/orders/42"), false);
  assert.equal(finds("orders/*", "orders/42/eu"), false);
  assert.equal(finds("orders/**", "orders/42/eu"), true);
  assert.equal(finds("{a,b}[0-9]?", "b7😀"), true);
  assert.equal(finds("*ill*", "x", { id: "abcd1234--7", client: "billing" }), false);
});

test("a glob that is not valid, or costs too much, has no filter", () => {
  for (const text of ["[", "[]", "{a", "a}", "\\", "{a,b}".repeat(20), `*${"a".repeat(2048)}`, "*".repeat(3e6)]) {
    assert.equal(toFilter(text), undefined, text.slice(0, 20));
  }
});
