import assert from "node:assert/strict";
import test from "node:test";
import { backstop, later, leaseLeft, silenceLeft, since } from "../lease.js";

// at returns an instant: milliseconds on both clocks after the start of the test.
const at = (mono, wall = mono) => ({ mono, wall: 1e12 + wall });

test("the lease lasts for two thirds of the session timeout after the latest answered message was sent", () => {
  let heard = later(at(5_000), at(0));
  heard = later(at(2_000), heard); // answers may come in any order
  assert.equal(leaseLeft(15_000, heard, at(5_000)), 10_000);
  assert.equal(leaseLeft(15_000, heard, at(15_000)), 0);
  assert.equal(leaseLeft(15_000, heard, at(20_000)), -5_000);
});

test("the lease ends before the broker grants the locks, even if clock rates differ by a tenth", () => {
  for (const timeout of [600, 15_000, 3_600_000]) {
    assert.ok(leaseLeft(timeout, at(0), at(0)) * 1.1 < timeout);
  }
});

test("the clock on which more time has passed counts", () => {
  assert.equal(since(at(1_000, 9_000), at(0)), 9_000); // the machine was suspended
  assert.equal(since(at(9_000, -5_000), at(0)), 9_000); // the wall clock was set back
});

test("a silent connection stays open for the session timeout", () => {
  const left = silenceLeft(15_000, at(0), at(10_000));
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
