import assert from "node:assert/strict";
import test from "node:test";
import { backoff, isFinal, isResubmitted } from "../retry.js";
import { codes } from "../codes.js";

test("pauses are random up to a bound, which doubles up to 5 s", () => {
  for (const dice of [0, 0.5, 1]) {
    const pause = backoff();
    for (const bound of [100, 200, 400, 800, 1600, 3200, 5000, 5000]) {
      assert.equal(pause(0, dice), dice * bound);
    }
    for (let i = 0; i < 5000; i++) pause(0, dice);
    assert.equal(pause(0, dice), dice * 5000);
  }
});

test("a connection that ends before 10 s counts as a failed attempt; a longer one resets the pause", () => {
  const pause = backoff();
  for (let i = 0; i < 5; i++) pause(0, 1);
  assert.equal(pause(9_999, 1), 3200);
  assert.equal(pause(10_000, 1), 100);
});

test("a round of attempts has the same bound", () => {
  const pause = backoff(2);
  assert.deepEqual([1, 2, 3, 4, 5].map(() => pause(0, 1)), [100, 100, 200, 200, 400]);
});

test("with a session to take up, the pauses are half as long, and at most 300 ms or a twelfth of its timeout", () => {
  const pause = backoff();
  assert.deepEqual([1, 2, 3, 4, 5].map(() => pause(0, 1, 6_000)), [50, 100, 200, 300, 300]);
  assert.equal(pause(0, 1, 2_400), 200);
  assert.equal(pause(0, 1), 5_000);
});

test("isFinal follows the tables", () => {
  for (const [retry, list] of Object.entries(codes)) {
    for (const code of list.match(/\b\d{4}\b/g) ?? []) {
      assert.equal(isFinal({ code: Number(code) }), retry === "never" && code !== "1000", code);
    }
    for (const status of list.match(/\b\d{3}\b/g) ?? []) {
      assert.equal(isFinal({ code: 1006, status: Number(status) }), retry === "never", status);
    }
  }
  for (const rest of [{}, { code: 1000 }, { code: 4711 }, { code: 1006, status: 502 }]) assert.equal(isFinal(rest), false);
});

test("a request that a draining broker refuses is resubmitted", () => {
  assert.deepEqual(Object.values(codes).flatMap((list) => list.match(/[a-z_]+/g)).filter(isResubmitted), ["shutting_down"]);
});
