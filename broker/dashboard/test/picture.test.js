import assert from "node:assert/strict";
import test from "node:test";
import { toLeft } from "../page/picture.js";

test("a picture says what it leaves out", () => {
  assert.equal(toLeft([]), "");
  assert.equal(toLeft([{ lock: "a", holders: 1, waiters: 0 }]), "Not shown of a: 1 other holder.");
  assert.equal(toLeft([{ lock: "", holders: 4992, waiters: 950 }]),
    "Not shown of (empty): 4,992 other holders and 950 other waiters.");
  const many = Array.from({ length: 5 }, () => ({ lock: "a", holders: 0, waiters: 2 }));
  assert.match(toLeft(many), /^(Not shown of a: 2 other waiters\. ){3}There are more for 2 other locks\.$/);
});
