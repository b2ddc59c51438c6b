// h makes an HTML element. Its properties are attributes, except for functions, which handle the event of their name,
// and dataset. A child that is a string becomes text, whatever it contains. null and undefined are left out.
export const h = (tag, properties, ...children) => fill(document.createElement(tag), properties, children);

// svg makes an SVG element in the same way.
export const svg = (tag, properties, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);

const fill = (element, properties, children) => {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
};

// setText changes the text of an element only if it differs, so that nothing is laid out or read aloud in vain.
export const setText = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};
