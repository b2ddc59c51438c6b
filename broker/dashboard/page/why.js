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
  const list = h("ol");
  const note = h("p");
  const element = h("section", {}, h("h2", {}, "Why it waits"), note, list);

  const ask = async (locks) => {
    asking = true;
    try {
      const chain = await locks.why({ request: id });
      const sentences = chain.map(toSentence);
      if (sentences.map((s) => s.textContent).join() !== list.textContent) list.replaceChildren(...sentences);
      setText(note, chain.length ? "" : "Nobody is in its way.");
    } catch (error) {
      setText(note, error.code === "not_found" ? "It has just ended." : toVisible(error.message));
      list.replaceChildren();
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

// toSentence says in words why one request waits for another.
export const toSentence = ({ request, lock, blocker, holding }) => {
  const link = (r) => (r.id ? h("a", { href: toHash({ request: r.id }) }, toWho(r)) : "a request that you may not see");
  const name = lock === undefined ? "a lock that you may not see" : h("a", { href: toHash({ lock }) }, toVisible(lock));
  const others = holding > 1 ? ` together with ${toCount(holding - 1, "other holder")}` : "";
  const how = blocker.token === undefined ? " waits for it earlier" : ` holds it${others}`;
  const since = blocker.duration_ms === undefined ? "" : ` for ${toDuration(blocker.duration_ms)}`;
  return h("li", {}, link(request), " waits for ", name, `: `, link(blocker), how, blocker.mode ? ` (${toMode(blocker)})` : "", since, ".");
};
