import assert from "node:assert/strict";
import test from "node:test";
import { amend, apply, createLockMap, place } from "../page/lockmap.js";
import { pick, random } from "./random.js";

const request = (id, locks, more) => ({ id, locks, mode: "exclusive", ...more });

test("a request is found at the first of its locks", () => {
  const locks = createLockMap();
  const one = request("one", ["unseen", "a", "b"]);
  for (const name of ["b", "a"]) apply(locks, "queued", name, one);
  assert.equal(locks.index.get("one").lock.name, "a");
  assert.deepEqual(locks.index.get("one").locks.map(({ name }) => name), ["a", "b"]);
  assert.equal(locks.index.get("one").holds, false);
  apply(locks, "granted", "a", one);
  assert.equal(locks.index.get("one").holds, true);
  apply(locks, "released", "a", one);
  assert.equal(locks.index.get("one").lock.name, "b");
  apply(locks, "released", "b", one);
  assert.equal(locks.index.get("one"), undefined);
  assert.equal(locks.index.size, 0);
});

test("those that wait inside a request are known, until they hold or have ended", () => {
  const locks = createLockMap();
  const inside = () => [...locks.index.inside("parent")];
  for (const id of ["x", "y", "z"]) apply(locks, "queued", "a", request(id, ["a"], { parent: "parent" }));
  assert.deepEqual(inside(), ["x", "y", "z"]);
  apply(locks, "granted", "a", request("x", ["a"], { parent: "parent" }));
  apply(locks, "timeout", "a", request("y", ["a"]));
  assert.deepEqual(inside(), ["z"]);
  amend(locks, { name: "a", holders: [], waiters: [{ id: "z", parent: "around" }] });
  assert.deepEqual(inside(), []);
  assert.deepEqual([...locks.index.inside("around")], ["z"]);
});

test("a part that is listed replaces what the index had of its lock", () => {
  const locks = createLockMap();
  apply(locks, "queued", "a", request("old", ["a"], { parent: "parent" }));
  place(locks, { name: "a", grants: 1, holders: [request("new", ["a"])], waiters: [] }, true, 0);
  assert.equal(locks.index.get("old"), undefined);
  assert.equal(locks.index.inside("parent").size, 0);
  assert.equal(locks.index.get("new").holds, true);
});

test("the index has what a search through all locks would find, whatever happens", () => {
  const next = random(1);
  const locks = createLockMap();
  const requests = Array.from({ length: 12 }, (_, i) =>
    request(`r${i}`, ["a", "b", "c"].slice(i % 3), i % 2 ? { parent: `r${i - 1}` } : { mode: "shared", limit: i + 1 }));
  for (let i = 0; i < 5000; i++) {
    const one = pick(next, requests);
    const event = pick(next, ["queued", "granted", "released", "listed"]);
    if (event === "listed") {
      place(locks, { name: one.locks[0], grants: 0, holders: [one], waiters: [] }, next() < 0.5, 0);
      locks.get(one.locks[0]).waiters.delete(one.id);
    } else {
      for (const name of one.locks) {
        if (event === "queued") locks.get(name)?.holders.delete(one.id);
        apply(locks, event, name, one);
      }
    }
    const found = new Map();
    for (const lock of locks.values()) {
      for (const map of [lock.holders, lock.waiters]) {
        for (const id of map.keys()) found.set(id, [...(found.get(id) ?? []), lock]);
      }
      const limits = [...lock.holders.values()].flatMap(({ limit }) => limit ?? []).sort();
      assert.deepEqual([...locks.index.limitsOf(lock.name)].sort(), limits);
    }
    assert.equal(locks.index.size, found.size);
    for (const { id, locks: names } of requests) {
      const want = names.map((name) => locks.get(name)).filter((lock) => found.get(id)?.includes(lock));
      assert.deepEqual(locks.index.get(id)?.locks.map(({ name }) => name) ?? [], want.map(({ name }) => name));
    }
  }
});
