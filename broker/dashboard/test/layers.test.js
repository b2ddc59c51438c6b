import assert from "node:assert/strict";
import test from "node:test";
import { crossings, reorder } from "../page/layers.js";
import { pick, random } from "./random.js";

// toLayers returns layers of cells, of these sizes, with edges from [layer, index] to [layer + 1, index].
const toLayers = (sizes, edges) => {
  const layers = sizes.map((size) =>
    [...Array(size).keys()].map((at) => ({ at, up: [], down: [], before: new Set() })));
  for (const [layer, from, to] of edges) {
    layers[layer][from].down.push(layers[layer + 1][to]);
    layers[layer + 1][to].up.push(layers[layer][from]);
  }
  return layers;
};

const randomLayers = (seed) => {
  const next = random(seed);
  const sizes = [0, 0, 0].map(() => 2 + Math.floor(next() * 6));
  const cells = sizes.map((size) => [...Array(size).keys()]);
  return toLayers(sizes, [0, 1].flatMap((layer) =>
    [...Array(8)].map(() => [layer, pick(next, cells[layer]), pick(next, cells[layer + 1])])));
};

const seeds = [...Array(200).keys()];

test("crossings are counted", () => {
  // 0→2 crosses 1→1 and 2→0; 1→1 crosses 2→0.
  assert.equal(crossings(toLayers([3, 3], [[0, 0, 2], [0, 1, 1], [0, 2, 0]])), 3);
  assert.equal(crossings(toLayers([3, 3], [[0, 0, 0], [0, 0, 1], [0, 1, 1], [0, 2, 2]])), 0);
  assert.equal(crossings(toLayers([2, 2, 2], [[0, 0, 1], [0, 1, 0], [1, 0, 0], [1, 1, 1]])), 1);
});

test("there are never more crossings than before, and mostly fewer", () => {
  let fewer = 0;
  for (const seed of seeds) {
    const layers = randomLayers(seed);
    const [before, after] = [crossings(layers), crossings(reorder(layers, false))];
    assert.ok(after <= before, `${seed}: ${before}, ${after}`);
    if (after < before) fewer++;
  }
  assert.ok(fewer > 0.9 * seeds.length, `${fewer}`);
});

test("a tree is drawn without crossings, whichever way it grows", () => {
  for (const seed of seeds) {
    const next = random(seed);
    const leaves = [...Array(12).keys()].map((leaf) => [Math.floor(next() * 4), leaf]);
    const branches = [0, 1, 2, 3];
    const trees = [
      toLayers([1, 4, 12], [...branches.map((i) => [0, 0, i]), ...leaves.map(([i, leaf]) => [1, i, leaf])]),
      toLayers([12, 4, 1], [...leaves.map(([i, leaf]) => [0, leaf, i]), ...branches.map((i) => [1, i, 0])]),
    ];
    for (const layers of trees) assert.equal(crossings(reorder(layers, false)), 0, `${seed}`);
  }
});

test("an order that people look at stays unless another has less than half of the crossings", () => {
  let [stayed, changed] = [0, 0];
  for (const seed of seeds) {
    const layers = randomLayers(seed);
    const before = crossings(layers);
    const result = reorder(layers, true);
    const same = result.every((layer, i) => layer.every((cell, k) => cell === layers[i][k]));
    assert.ok(same || crossings(result) < before / 2, `${seed}`);
    if (same) stayed++;
    else changed++;
  }
  assert.ok(stayed > 10 && changed > 10, `${stayed} ${changed}`);
});

test("cells come after those that must precede them", () => {
  for (const seed of seeds) {
    const layers = randomLayers(seed);
    for (const layer of layers) layer[0].before.add(layer[1]);
    for (const layer of reorder(layers, false)) {
      for (const cell of layer) {
        for (const other of cell.before) assert.ok(layer.indexOf(other) < layer.indexOf(cell), `${seed}`);
      }
    }
  }
});
