import { h, setText } from "./dom.js";
import { toCount, toDuration, toVisible } from "./text.js";
import { toHash } from "./route.js";
import { toMode } from "./requestrows.js";
import { toWho } from "./requests.js";

const pause = 1000; // ms between two questions

// createWhy says why a request waits: the broker's own answer, asked for again and again while it is shown.
export const createWhy = (page, id) => {
  let due = 0;
  let asking = false;
  let shown = ""; // the chain without its durations, as text
  let sentences = [];
  const list = h("ol");
  const note = h("p");
  const element = h("section", {}, h("h2", {}, "Why it waits"), note, list);

  // showChain keeps the sentences while only the durations change, so that a link in them keeps the focus.
  const showChain = (chain) => {
    const text = JSON.stringify(chain, (key, value) => (key === "duration_ms" ? undefined : value));
    if (text !== shown) {
      sentences = chain.map(createSentence);
      list.replaceChildren(...sentences.map((sentence) => sentence.element));
      shown = text;
    }
    chain.forEach((step, i) => sentences[i].show(step));
  };

  const ask = async (locks) => {
    asking = true;
    try {
      const chain = await locks.why({ request: id });
      showChain(chain);
      const pausing = locks.notGranting ? " But the broker grants nothing now." : "";
      setText(note, chain.length ? "" : `Nobody is in its way.${pausing}`);
    } catch (error) {
      setText(note, error.code === "not_found" ? "It has just ended." : toVisible(error.message));
      showChain([]);
    }
    asking = false;
    due = performance.now() + pause;
  };

  return {
    element,
    show({ holds }) {
      element.hidden = holds;
      const { locks, state } = page.session;
      if (!holds && !asking && state === "connected" && performance.now() >= due) ask(locks);
    },
    stop() {
      element.hidden = true;
    },
  };
};

// toSentence is createSentence for a step that does not change any more.
export const toSentence = (step) => {
  const sentence = createSentence(step);
  sentence.show(step);
  return sentence.element;
};

// createSentence says in words why one request waits for another: { element, show(step) }. Only the duration changes.
const createSentence = ({ request, lock, blocker, holding }) => {
  const link = (r) =>
    r.id ? h("a", { href: toHash({ request: r.id }) }, toWho(r)) : "a request that you may not see";
  const name =
    lock === undefined ? "a lock that you may not see" : h("a", { href: toHash({ lock }) }, toVisible(lock));
  const others = holding > 1 ? ` together with ${toCount(holding - 1, "other holder")}` : "";
  const how = blocker.token === undefined ? " waits for it earlier" : ` holds it${others}`;
  const mode = blocker.mode ? ` (${toMode(blocker)})` : "";
  const time = h("span");
  return {
    element: h("li", {}, link(request), " waits for ", name, ": ", link(blocker), how, mode, time, "."),
    show(step) {
      const { duration_ms: since } = step.blocker;
      setText(time, since === undefined ? "" : ` for ${toDuration(since)}`);
    },
  };
};
