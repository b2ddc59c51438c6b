import { createGraph } from "./graph.js";
import { cycleOf } from "./cycle.js";
import { h, setText } from "./dom.js";
import { toCount, toDuration } from "./text.js";
import { toHash } from "./route.js";
import { toSentence } from "./why.js";

// createDeadlocksPage shows the last requests that were refused as deadlocks, each with its cycle.
export const createDeadlocksPage = (page) => {
  let known = -1; // how many were refused when the broker was asked
  let asking = false;
  let all = []; // { time, refusedAt }
  const note = h("p", { class: "dim", role: "status" }, "Reading …");
  const list = h("div");
  const element = h(
    "div",
    {},
    h("p", {}, h("a", { href: "#" }, "All locks")),
    h("h1", {}, "Refused deadlocks"),
    h("p", {}, "A request that could never be granted is refused. Its program is told why. Here are the last of them."),
    note,
    list,
  );

  const read = async (count) => {
    asking = true;
    try {
      const url = new URL("deadlocks", document.baseURI);
      const answer = await fetch(url, { headers: page.session.headers, cache: "no-store" });
      if (answer.ok) showAll((await answer.json()).deadlocks);
      else setText(note, (await answer.text()).trim());
      known = count;
    } catch {} // the state line says that the broker is gone, and the next answer of past is asked for again
    asking = false;
  };

  const showAll = (deadlocks) => {
    all = deadlocks.map((deadlock) => {
      const time = h("span");
      return { ...deadlock, time, refusedAt: performance.now() - deadlock.ago_ms };
    });
    setText(note, all.length ? "" : "None was refused since the broker has started.");
    list.replaceChildren(...all.map((deadlock) => describe(page, deadlock)));
  };

  return {
    element,
    title: "Refused deadlocks",
    show({ past, now }) {
      if (!asking && past.next !== undefined && past.deadlocks !== known) read(past.deadlocks);
      for (const { time, refusedAt } of all) setText(time, toDuration(now - refusedAt));
    },
  };
};

const describe = (page, { time, steps, cycle }) => {
  const graph = createGraph({
    onOpen: ({ id, lock }) => {
      location.hash = toHash(id ? { request: id } : { lock });
    },
  });
  graph.show(cycleOf(cycle, steps));
  return h(
    "section",
    {},
    h("h2", {}, "Refused ", time, " ago"),
    steps > cycle.length ? h("p", {}, `The first ${toCount(cycle.length, "step")} of ${steps}:`) : null,
    graph.element,
    h("ol", {}, ...cycle.map(toSentence)),
  );
};
