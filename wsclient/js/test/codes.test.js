import assert from "node:assert/strict";
import test from "node:test";
import { closeCodes, errorCodes, httpStatuses } from "../codes.js";

// The tables of the broker come from the Go test that runs this one.
const tables = process.env.LOCKBROKER_TABLES;

test("the tables are those of the broker", { skip: tables ? false : "run by go test ./wsclient/js" }, () => {
  assert.deepEqual({ errorCodes, closeCodes, httpStatuses }, JSON.parse(tables));
});
