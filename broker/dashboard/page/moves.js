// move returns the item to which an arrow key leads, or undefined. The arrows along the layers follow a link, to the
// nearest layer that has one, or else go to the next layer. The others stay in the layer. Home and End lead to the
// first item and the last.
//
// layers is an array of layers, each an array of boxes { id, items }. links is an array of { from, to }.
export const move = (layers, links, down, itemId, key) => {
  const places = layers.flatMap((boxes, layer) =>
    boxes.flatMap((box, at) => box.items.map((item, row) => ({ id: item.id, box, layer, at, row }))));
  if (key === "Home" || key === "End") return places.at(key === "Home" ? 0 : -1)?.id;
  const here = places.find((place) => place.id === itemId);
  const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[key];
  if (!here || !step) return undefined;
  const vertical = key === "ArrowUp" || key === "ArrowDown";
  if (vertical) {
    const inBox = here.box.items[here.row + step];
    if (inBox) return inBox.id;
  }
  if (vertical === down) return along(places, links, here, step, down);
  const box = layers[here.layer][here.at + step];
  return box?.items.at(vertical && step < 0 ? -1 : 0).id;
};

const along = (places, links, here, step, down) => {
  const linked = new Set();
  for (const { from, to } of links) {
    if (from === here.box.id) linked.add(to);
    if (to === here.box.id) linked.add(from);
  }
  const cost = (place) =>
    (linked.has(place.box.id) ? 0 : 1e6) + (place.layer - here.layer) * step * 1e3 + Math.abs(place.at - here.at);
  const later = places.filter((place) => (place.layer - here.layer) * step > 0);
  if (!later.length) return undefined;
  const best = later.reduce((a, b) => (cost(b) < cost(a) ? b : a));
  return best.box.items.at(down && step < 0 ? -1 : 0).id;
};
