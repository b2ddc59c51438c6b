import { toCount, toDuration, toVisible } from "./text.js";

// describe says in words how the page stands with the broker: [kind, text, more]. kind is "well", "busy" or "bad". more is
// what counts, such as seconds, and is not read aloud at each change.
export const describe = (session, view, past, isSilent, now = performance.now()) => {
  const since = new Date(session.since).toLocaleTimeString();
  switch (session.state) {
    case "connecting":
      return ["busy", "Connecting to the broker …"];
    case "login":
      return ["bad", "The broker asks for credentials.", toSentence(session.reason.replace(/^.*not authenticated: /, ""))];
    case "gone": {
      const stale = view?.isComplete ? " What you see below is how it was then." : "";
      const reason = toSentence(past.problem || session.reason);
      return ["bad", `Not connected to the broker since ${since}. Trying again.${stale}`, reason];
    }
  }
  if (isSilent) {
    return ["bad", "The broker does not answer.", `For ${toDuration(now - past.asked)}.`];
  }
  if (view?.error) return ["bad", ...explain(view.error, session)];
  const pause = past.next === undefined ? session.locks.notGranting : past.notGranting;
  if (pause) {
    const left = past.left === undefined ? "" : `${toDuration(past.left)} left.`;
    return ["bad", pauses[pause] ?? `The broker grants nothing: ${pause}.`, left];
  }
  if (!view?.isComplete) {
    return ["busy", "Reading the locks …", view ? `${toCount(view.locks.size, "lock")} so far` : ""];
  }
  if (view.isSampled) return ["busy", "Too much happens to show each change. The locks are read every few seconds."];
  if (!view.isCurrent && view.hasLagged) return ["busy", "Catching up: more happened than this page could follow."];
  if (!view.isCurrent) return ["busy", "Reading the locks again …"];
  return ["well", "Live: the broker answers and grants.", past.problem && `No history: ${past.problem}`];
};

// toSentence makes a sentence of what an error says.
const toSentence = (text) => text && `${text[0].toUpperCase()}${text.slice(1)}.`;

const pauses = {
  grace: "The broker has restarted and grants nothing yet: clients of its last run may still hold locks.",
  no_tokens: "The broker grants nothing: it cannot store fencing tokens. Its disk is full, or fails.",
  draining: "The broker is stopping. It grants nothing more, and ends when nothing is held or the time is over.",
};

const explain = (error, { principal }) => {
  if (error.code !== "forbidden") return [`The broker refuses to list its locks: ${toVisible(error.message)}`];
  const who = principal?.identity ? `${toVisible(principal.identity)} may` : "You may";
  return [`${who} not see any locks here.`, "This needs the permission list."];
};
