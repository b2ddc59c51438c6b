// The published package: files that a browser can load as they are, and types that match them.

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import test from "node:test";
import * as client from "../client.js";

const folder = new URL("../", import.meta.url);
const read = (name) => readFileSync(new URL(name, folder), "utf8");
const types = read("index.d.ts").replaceAll(/\/\*\*.*?\*\//gs, "");

test("the types declare what the module exports, and no type is any", () => {
  const declared = [...types.matchAll(/^export (?:function|class) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(declared.sort(), Object.keys(client).sort());
  assert.doesNotMatch(types, /\bany\b/);
});

test("the types declare all methods of LockManager and HeldLock", async () => {
  const { LockManager } = await import("../manager.js");
  const { Inspector } = await import("../inspector.js");
  const { HeldLock } = await import("../lock.js");
  for (const [name, { prototype }] of [["LockManager", LockManager], ["HeldLock", HeldLock]]) {
    const [, body] = new RegExp(`interface ${name} [^{]*{(.*?)^}`, "ms").exec(types);
    const declared = new Set([...body.matchAll(/^ {2}(?:readonly )?(\w+)[<(:]/gm)].map(([, member]) => member));
    const all = [prototype, name === "LockManager" ? Inspector.prototype : {}].flatMap(Object.getOwnPropertyNames);
    const there = all.filter((member) => member !== "constructor");
    const inherited = Object.getOwnPropertyNames(EventTarget.prototype); // whose events have types
    assert.deepEqual([...declared].filter((member) => !inherited.includes(member)).sort(), there.sort(), name);
  }
});

test("the types declare the error codes of the tables", async () => {
  const { codes } = await import("../codes.js");
  const words = Object.values(codes).flatMap((list) => list.match(/[a-z_]+/g));
  const [, union] = /type ErrorCode =(.*?);/s.exec(types);
  assert.deepEqual([...union.matchAll(/"(\w+)"/g)].map(([, code]) => code).sort(), words.sort());
});

test("the modules import only each other, by relative paths", () => {
  const parts = readdirSync(folder).filter((name) => name.endsWith(".js"));
  assert.ok(parts.length > 10);
  for (const part of parts) {
    for (const [, from] of read(part).matchAll(/\bfrom "([^"]*)"|import\("([^"]*)"\)/g)) assert.match(from, /^\.\/\w+\.js$/, part);
  }
});

test("the pure modules read no clock, set no timer and open no socket", () => {
  const pure = ["codes", "errors", "lease", "lock", "names", "options", "retry", "states"].map((name) => `${name}.js`);
  for (const name of pure) {
    const code = read(name).replaceAll(/\/\/ .*$/gm, "");
    for (const [, from] of code.matchAll(/\bfrom "\.\/([^"]*)"/g)) assert.ok(pure.includes(from), `${name} imports ${from}`);
    assert.doesNotMatch(code, /\b(clock|performance|Date|Math\.random|set(Timeout|Interval|Immediate)|WebSocket|Promise|async|await)\b/, name);
  }
});

test("the bundle exports the same as client.js, with classes of its own and the same error names", async () => {
  const whole = await import("../bundle/client.js");
  assert.deepEqual(Object.keys(whole), Object.keys(client));
  for (const name of Object.keys(client).filter((name) => name.endsWith("Error"))) {
    const error = new whole[name]("of another copy");
    assert.equal(error instanceof client[name], false, "README.md says that it is another class");
    assert.equal(error.name, name);
  }
});

test("README.md has absolute links, because npm shows it alone", () => {
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
  assert.deepEqual(Object.keys(exports), [".", "./package.json"]); // some tools read it
  assert.deepEqual([main, types], ["./client.js", "./index.d.ts"], "for tools that do not know exports");
  assert.deepEqual([type, sideEffects, engines, dependencies], ["module", false, { node: ">=20" }, undefined]);
});
