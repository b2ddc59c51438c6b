/** Contexts with the browser's own lock manager: this page, and frames of the same origin. */
const frame = async () => {
  const element = document.createElement("iframe");
  element.src = "/page.html";
  const loaded = new Promise((resolve) => element.addEventListener("load", resolve, { once: true }));
  document.body.append(element);
  await loaded;
  return { locks: element.contentWindow.navigator.locks, end: () => element.remove() };
};

export const contexts = async () => ({ locks: navigator.locks, other: (await frame()).locks, another: frame });
