import assert from "node:assert/strict";
import test from "node:test";
import { Backoff, asksAgain, isFinal } from "../retry.js";
import { closeCodes, errorCodes, httpStatuses } from "../codes.js";

test("pauses are anything up to a bound that doubles until it is five seconds", () => {
  for (const dice of [0, 0.5, 1]) {
    const backoff = new Backoff();
    for (const bound of [100, 200, 400, 800, 1600, 3200, 5000, 5000]) {
      assert.equal(backoff.next(0, dice), dice * bound);
    }
    for (let i = 0; i < 5000; i++) backoff.next(0, dice);
    assert.equal(backoff.next(0, dice), dice * 5000);
  }
});

test("a connection that ends soon is like an attempt that failed; one that has lasted begins anew", () => {
  const backoff = new Backoff();
  for (let i = 0; i < 5; i++) backoff.next(0, 1);
  assert.equal(backoff.next(9_999, 1), 3200);
  assert.equal(backoff.next(10_000, 1), 100);
});

test("final is what the tables say", () => {
  for (const [code, retry] of Object.entries(closeCodes)) {
    assert.equal(isFinal({ code: Number(code) }), retry === "never" && code !== "1000", code);
  }
  for (const [status, retry] of Object.entries(httpStatuses)) {
    assert.equal(isFinal({ code: 1006, status: Number(status) }), retry === "never", status);
  }
  for (const rest of [{}, { code: 1000 }, { code: 4711 }, { code: 1006, status: 502 }]) assert.equal(isFinal(rest), false);
});

test("what is refused because the broker stops is asked for again", () => {
  assert.deepEqual(Object.keys(errorCodes).filter(asksAgain), ["shutting_down"]);
});
