import { layout } from "./layout.js";

// The ways to draw, the best first: whether the layers follow one another downwards, and the width of requests in em.
const ways = [[false, 18], [false, 14], [true, 18], [true, 14], [true, 10.5], [false, 10.5]];

// arrange returns the layout of boxes and links, with boxes in reading order, sizes and down. It takes the first way
// that fits the width of the view. The picture may be higher than the view, since people scroll down.
export const arrange = ({ boxes, links }, previous, em, viewWidth) => {
  let best;
  for (const [down, width] of ways) {
    const nodes = boxes.map((box) => toNode(box, width, em));
    const place = layout({ nodes, edges: links }, previous?.down === down ? previous : undefined, down);
    if (!best || place.width < best.width) best = { ...place, down, sizes: nodes };
    if (place.width <= viewWidth) break;
  }
  return {
    ...best,
    boxes: best.layers.flat().map((id) => boxes.find((box) => box.id === id)),
    sizes: new Map(best.sizes.map((node) => [node.id, node])),
  };
};

// toStructure returns a text that changes when the layout does.
export const toStructure = ({ boxes, links }, em, viewWidth) => {
  const toSize = ({ id, request }) => [id, request?.lines.length, request?.more, request?.focus];
  return JSON.stringify([boxes.map((box) => box.items.map(toSize)), links, em, viewWidth]);
};

// isSmall says whether the requests of a box have one line each, because there are many.
export const isSmall = (box) => box.items.length > 8;

// toNode returns the node of a box, with the height of each row. Edges end at the first row; in a long queue at the
// focused one, so that both ends can be seen.
const toNode = (box, width, em) => {
  const [{ lock }] = box.items;
  const rows = box.items.map(({ request }) =>
    (!request ? 1.9 : isSmall(box) ? 2 : 2.4 + 1.3 * (request.lines.length + (request.more ? 1 : 0))) * em);
  const room = lock === undefined ? width : Math.min(13, Math.max(4, lock.length * 0.62 + (box.inCycle ? 3.4 : 2)));
  const row = Math.max(0, isSmall(box) && box.items.findIndex(({ request }) => request?.focus));
  const port = sum(rows.slice(0, row)) + rows[row] / 2;
  return { id: box.id, width: room * em, height: sum(rows), port, rows };
};

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
