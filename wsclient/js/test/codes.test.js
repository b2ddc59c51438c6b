import assert from "node:assert/strict";
import test from "node:test";
import { codes, retryOf } from "../codes.js";

// The Go test that runs this one passes the tables of the broker.
const tables = process.env.LOCKBROKER_TABLES;

test("the tables are the same as the broker's", { skip: tables ? false : "run by go test ./wsclient/js" }, () => {
  const rows = Object.values(JSON.parse(tables)).flatMap(Object.entries);
  for (const [code, retry] of rows) assert.equal(retryOf(code), retry, code);
  const listed = Object.values(codes).flatMap((list) => list.split(" "));
  assert.deepEqual(listed.sort(), rows.map(([code]) => code).sort(), "each is listed once, and no others");
});
