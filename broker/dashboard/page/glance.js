import { h, setText } from "./dom.js";
import { toHash } from "./route.js";
import { toCount, toDuration, toVisible } from "./text.js";
import { toWho } from "./requests.js";

const most = 10; // programs

// createGlance answers the questions that people ask first: who waits and holds longest, where most wait, which programs
// hold most.
export const createGlance = () => {
  const fact = (title) => {
    const [value, link, detail, by] = [h("strong"), h("a"), h("span", { class: "dim" }), h("a")];
    const element = h("div", { class: "fact" }, h("dt", {}, title), h("dd", {}, value, " ", link, " ", detail, " ", by));
    return {
      element,
      show(text, lock, more = "", target, name) {
        setText(value, text);
        link.hidden = !lock;
        if (lock) {
          setText(link, toVisible(lock.name));
          link.href = toHash({ lock: lock.name });
        }
        setText(detail, more);
        by.hidden = !target;
        setText(by, name ?? "");
        if (target) by.href = toHash(target);
      },
    };
  };
  const wait = fact("Longest wait");
  const hold = fact("Longest hold");
  const queue = fact("Most waiters");
  const program = fact("Program that holds most");
  const rows = h("tbody");
  const programs = h(
    "details",
    { class: "programs" },
    h("summary", {}, "Programs"),
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ...["Program", "Holds", "Waits"].map((title) => h("th", { scope: "col" }, title)))),
      rows,
    ),
  );

  const showPrograms = (all) => {
    if (!programs.open) return;
    rows.replaceChildren(
      ...all.slice(0, most).map(({ name, holding, waiting }) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, h("a", { href: toHash({ search: name }) }, toVisible(name))),
          ...[holding, waiting].map((count) => h("td", {}, String(count))),
        ),
      ),
    );
    if (all.length > most) {
      rows.append(h("tr", {}, h("td", { colspan: 3 }, `and ${toCount(all.length - most, "more program")}`)));
    }
  };

  const element = h(
    "section",
    { "aria-label": "At a glance" },
    h("dl", { class: "glance" }, wait.element, hold.element, queue.element, program.element),
    programs,
  );
  return {
    element,
    // show shows a census. Until all locks have been read, it does not say that there is nobody.
    show(census, now, isComplete) {
      const linkTo = (request) => [request.id && { request: request.id }, toWho(request)];
      const [waits, holds] = isComplete ? ["nobody waits", "nobody holds"] : ["…", "…"];
      const age = (found) => toDuration(now - found.request.since);
      if (census.wait) wait.show(age(census.wait), census.wait.lock, "by", ...linkTo(census.wait.request));
      else wait.show(waits);
      if (census.hold) hold.show(age(census.hold), census.hold.lock, "by", ...linkTo(census.hold.request));
      else hold.show(holds);
      if (census.queue) queue.show(toCount(census.queue.waiters.size, "waiter"), census.queue);
      else queue.show(waits);
      const top = census.programs[0];
      const held = toCount(top?.holding ?? 0, "lock");
      if (top?.holding) program.show(held, undefined, "by", { search: top.name }, toVisible(top.name));
      else program.show(holds);
      showPrograms(census.programs);
    },
  };
};

