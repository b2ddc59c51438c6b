import assert from "node:assert/strict";
import test from "node:test";
import { backstop, later, leaseLeft, silence } from "../lease.js";
import { since } from "../clock.js";

// at is so long after the instant at which all tests begin, on both clocks.
const at = (mono, wall = mono) => ({ mono, wall: 1e12 + wall });

test("a lease lasts for two thirds of the timeout after the latest that was answered", () => {
  let heard = later(at(5_000), at(0));
  heard = later(at(2_000), heard); // answers come in whatever order
  assert.equal(leaseLeft(15_000, heard, at(5_000)), 10_000);
  assert.equal(leaseLeft(15_000, heard, at(15_000)), 0);
  assert.equal(leaseLeft(15_000, heard, at(20_000)), -5_000);
});

test("with clocks whose rates differ by a tenth the client has given up before the broker can", () => {
  for (const timeout of [600, 15_000, 3_600_000]) {
    assert.ok(leaseLeft(timeout, at(0), at(0)) * 1.1 < timeout);
  }
});

test("the greater of two clocks counts", () => {
  assert.equal(since(at(1_000, 9_000), at(0)), 9_000); // the machine was suspended
  assert.equal(since(at(9_000, -5_000), at(0)), 9_000); // the clock on the wall was set back
});

test("the connection stays open for a timeout", () => {
  const left = silence(15_000, at(0), at(10_000));
  assert.equal(left, 5_000);
  assert.ok(10_000 + left >= (15_000 * 10) / 11);
});

test("the backstop is a tenth more than the hold and the lease, rounded up", () => {
  assert.equal(backstop(2_000, 15_000), 13_200);
  assert.equal(backstop(1_500, 15_000), 12_650);
  assert.equal(backstop(1, 1), 2); // 1.83
  for (let hold = 1; hold < 5_000; hold++) {
    const exact = (BigInt(3 * hold + 30_000) * 11n + 29n) / 30n;
    assert.equal(BigInt(backstop(hold, 15_000)), exact);
  }
});
