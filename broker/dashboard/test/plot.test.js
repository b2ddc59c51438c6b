import assert from "node:assert/strict";
import test from "node:test";
import { nearestPoint, nextPoint, roundMaximum, toLine } from "../page/plot.js";

test("the top of an axis is round and not below the highest value", () => {
  const cases = [[0, 2], [0.3, 2], [2, 2], [2.1, 4], [3, 4], [5, 10], [10, 10], [11, 20], [37, 40], [41, 100],
    [897, 1000], [1e6 + 1, 2e6]];
  for (const [value, want] of cases) assert.equal(roundMaximum(value), want, String(value));
});

test("half of the top of an axis is a whole number, and the line fills at least 40 % of its height", () => {
  for (let value = 0; value < 1e7; value = Math.ceil(value * 1.1) + 1) {
    const top = roundMaximum(value);
    assert.ok(top >= value && Number.isInteger(top / 2) && (value < 2 || value >= top * 0.4), `${value}: ${top}`);
  }
});

test("the top of an axis of durations is round in their units", () => {
  const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000];
  const cases = [[0, second], [1500, 2 * second], [12_000, 20 * second], [31_000, minute], [61_000, 2 * minute],
    [299_000, 10 * minute], [21 * minute, 30 * minute], [hour + 1, 2 * hour], [13 * hour, day], [day + 1, 2 * day],
    [30 * day, 40 * day]];
  for (const [value, want] of cases) assert.equal(roundMaximum(value, "ms"), want, String(value));
});

test("the line goes from left to right, and higher values are further up", () => {
  assert.equal(toLine([0, 5, 10], 10, 100, 50), "M0 50h0L50 25L100 0");
});

test("null makes a gap, and a point alone is a dot", () => {
  assert.equal(toLine([null, 1, null, 2, 2], 2, 100, 10), "M25 5h0M75 0h0L100 0");
  assert.equal(toLine([], 2, 100, 10), "");
  assert.equal(toLine([1], 2, 100, 10), "M0 5h0");
  assert.equal(toLine([null, null], 2, 100, 10), "");
});

test("900 points are one path", () => {
  const path = toLine(Array.from({ length: 900 }, (_, i) => i % 7), 10, 900, 100);
  assert.equal(path.split("M").length - 1, 1);
  assert.equal(path.split("L").length - 1, 899);
});

test("the nearest point that has a value", () => {
  const points = [null, 4, null, null, null, 0, null];
  assert.deepEqual([-9, 0, 1, 2, 3, 4, 6, 99].map((index) => nearestPoint(points, index)), [1, 1, 1, 1, 1, 5, 5, 5]);
  assert.equal(nearestPoint([null, null], 0), -1);
  assert.equal(nearestPoint([], 0), -1);
});

test("the next point that has a value", () => {
  const points = [1, null, null, 4, 5, null];
  assert.equal(nextPoint(points, 0, 1), 3);
  assert.equal(nextPoint(points, 3, -1), 0);
  assert.equal(nextPoint(points, 4, 1), 4);
  assert.equal(nextPoint(points, 0, -1), 0);
});
