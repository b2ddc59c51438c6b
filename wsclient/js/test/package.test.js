// What is published: files that a browser can load as they are, and types that say the same.

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import test from "node:test";
import * as client from "../client.js";

const folder = new URL("../", import.meta.url);
const read = (name) => readFileSync(new URL(name, folder), "utf8");
const types = read("index.d.ts").replaceAll(/\/\*\*.*?\*\//gs, "");

test("the types declare what the module exports, and nothing of type any", () => {
  const declared = [...types.matchAll(/^export (?:function|class) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(declared.sort(), Object.keys(client).sort());
  assert.doesNotMatch(types, /\bany\b/);
});

test("the types declare the methods of what connect returns, and of locks", async () => {
  const { LockManager } = await import("../manager.js");
  const { HeldLock } = await import("../lock.js");
  for (const [name, { prototype }] of [["LockManager", LockManager], ["HeldLock", HeldLock]]) {
    const [, body] = new RegExp(`interface ${name} [^{]*{(.*?)^}`, "ms").exec(types);
    const declared = new Set([...body.matchAll(/^ {2}(?:readonly )?(\w+)[<(:]/gm)].map(([, member]) => member));
    const there = Object.getOwnPropertyNames(prototype).filter((member) => member !== "constructor");
    assert.deepEqual([...declared].sort(), there.sort(), name);
  }
});

test("the types declare the error codes of the tables", async () => {
  const { codes } = await import("../codes.js");
  const words = Object.values(codes).flatMap((list) => list.match(/[a-z_]+/g));
  const [, union] = /type ErrorCode =(.*?);/s.exec(types);
  assert.deepEqual([...union.matchAll(/"(\w+)"/g)].map(([, code]) => code).sort(), words.sort());
});

test("the parts import each other by relative paths, and nothing else", () => {
  const parts = readdirSync(folder).filter((name) => name.endsWith(".js"));
  assert.ok(parts.length > 10);
  for (const part of parts) {
    for (const [, from] of read(part).matchAll(/\bfrom "([^"]*)"|import\("([^"]*)"\)/g)) assert.match(from, /^\.\/\w+\.js$/, part);
  }
});

test("the one module exports what client.js does: classes of its own, whose names tell errors apart", async () => {
  const whole = await import("../bundle/client.js");
  assert.deepEqual(Object.keys(whole), Object.keys(client));
  for (const name of Object.keys(client).filter((name) => name.endsWith("Error"))) {
    const error = new whole[name]("of another copy");
    assert.equal(error instanceof client[name], false, "README.md says that it is not");
    assert.equal(error.name, name);
  }
});

test("README.md stands alone, as on the page of npm: its links are absolute", () => {
  const links = [...read("README.md").matchAll(/\]\(([^)]*)\)/g)].map(([, link]) => link);
  assert.ok(links.length > 3);
  for (const link of links) {
    assert.match(link, /^(https:\/\/|#)/);
    const inside = /^https:\/\/github.com\/lockbroker\/lockbroker\/(?:blob|tree)\/main\/([^#]*)/.exec(link);
    if (inside) assert.ok(existsSync(new URL(`../../${inside[1]}`, folder)), link);
  }
});

test("package.json: ESM, types first, no side effects, no dependencies", () => {
  const { type, main, exports, types, sideEffects, engines, dependencies } = JSON.parse(read("package.json"));
  assert.deepEqual(Object.entries(exports["."]), [["types", "./index.d.ts"], ["default", "./client.js"]]);
  assert.deepEqual(Object.keys(exports), [".", "./package.json"]); // tools look at that
  assert.deepEqual([main, types], ["./client.js", "./index.d.ts"], "for tools that know no exports");
  assert.deepEqual([type, sideEffects, engines, dependencies], ["module", false, { node: ">=20" }, undefined]);
});
