import { groups } from "./layers.js";
import { toVisible } from "./text.js";

const list = new Intl.ListFormat("en");

// toSentences returns the edges in words: "ship waits for orders/42, which invoice holds."
export const toSentences = (graph) => {
  const title = toTitle(graph);
  return predicates(graph, title).map(({ from, text, inCycle }) =>
    `${title(from)} ${text}.${inCycle ? " This is part of the deadlock." : ""}`);
};

// toNames returns a name for each request, by its id: "ship waits for orders/42, which invoice holds".
export const toNames = (graph) => {
  const title = toTitle(graph);
  const all = groups(predicates(graph, title), ({ from }) => from);
  for (const { to, lock, kind } of graph.edges) {
    if (kind !== "waits" || lock === undefined) continue;
    const text = `holds ${toVisible(lock)}`;
    const known = all.get(to) ?? [];
    if (!known.some((other) => other.text === text)) all.set(to, [{ text }, ...known]);
  }
  return new Map(graph.nodes.map(({ id, lines, inCycle }) => {
    const texts = all.get(id)?.map(({ text }) => text) ?? lines;
    return [id, [`${title(id)} ${texts.join("; ")}`, ...(inCycle ? ["part of the deadlock"] : [])].join("; ")];
  }));
};

const toTitle = ({ nodes }) => {
  const titles = new Map(nodes.map(({ id, title }) => [id, toVisible(title)]));
  return (id) => titles.get(id) ?? "another request";
};

const predicates = ({ edges }, title) => {
  const alike = groups(edges, ({ from, lock, kind }) => JSON.stringify([from, lock, kind]));
  return [...alike.values()].map((some) => {
    const [{ from, lock, kind }] = some;
    const name = lock === undefined ? "a lock" : toVisible(lock);
    const others = list.format(some.map(({ to }) => title(to)));
    const text = {
      waits: `waits for ${name}, which ${others} ${some.length === 1 ? "holds" : "hold"}`,
      behind: `waits for ${name} behind ${others}`,
      inside: `cannot release before ${others}, which was made inside it, has ended`,
    }[kind];
    return { from, text, inCycle: some.some((edge) => edge.inCycle) };
  });
};
