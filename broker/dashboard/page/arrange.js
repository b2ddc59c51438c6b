import { groups } from "./layers.js";
import { layout } from "./layout.js";

// In units of the font size.
const titleLine = 1.5;
const otherLine = 1.3;
const padding = 0.9;

// isSmall says whether the requests of a box have one line each, because there are many.
export const isSmall = (box) => box.items.length > 8;

// shapes are the ways to draw, the best first: whether the layers follow one another downwards, and the width of requests.
const shapes = [[false, 18], [false, 14], [true, 18], [true, 14], [true, 10.5], [false, 10.5]];

// arrange returns the layout of boxes and links, with layers, the boxes of each layer in order, and down. The picture has
// the first shape that fits the width of the view. It may be higher, since people expect to scroll down.
export const arrange = (picture, previous, em, viewWidth) => {
  let best;
  for (const [down, width] of shapes) {
    const result = attempt(picture, previous?.down === down ? previous : undefined, em, down, width * em);
    if (result.width <= viewWidth) return result;
    if (!best || result.width < best.width) best = result;
  }
  return best;
};

// toStructure returns a text that is the same as long as the layout is.
export const toStructure = ({ boxes, links }, em, viewWidth) => {
  const items = boxes.map((box) => box.items.map(({ id, request }) => [id, request?.lines.length, request?.more, request?.focus]));
  return JSON.stringify([items, links, em, viewWidth]);
};

const attempt = ({ boxes, links }, before, em, down, width) => {
  const nodes = boxes.map((box) => toNode(box, em, width));
  const place = layout({ nodes, edges: links }, before, { down });
  const sizes = new Map(nodes.map((node) => [node.id, node]));
  const layers = [];
  for (const [layer, some] of groups(boxes, (box) => place.nodes.get(box.id).layer)) {
    layers[layer] = some.sort((a, b) => place.nodes.get(a.id).at - place.nodes.get(b.id).at);
  }
  return { ...place, layers: layers.filter(Boolean), sizes, down };
};

// toNode returns the node of a box. Its edges end at its first row, or at the focused one, so that both ends can be seen.
const toNode = (box, em, width) => {
  const { lock } = box.items[0];
  if (lock !== undefined) {
    const room = Math.min(width, Math.max(4, Math.min(13, lock.length * 0.62 + (box.inCycle ? 3.4 : 2))) * em);
    return { id: box.id, width: room, height: 1.9 * em, rows: [1.9 * em] };
  }
  const rows = box.items.map(({ request: { lines, more } }) =>
    (isSmall(box) ? 2 : padding + titleLine + otherLine * (lines.length + (more ? 1 : 0))) * em);
  const row = Math.max(0, box.items.findIndex(({ request }) => request.focus));
  const port = sum(rows.slice(0, row)) + rows[row] / 2;
  return { id: box.id, width, height: sum(rows), port, rows };
};

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
