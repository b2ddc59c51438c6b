import { toVisible } from "./text.js";

const interval = 1000; // ms
const most = 900; // points
const late = 2500; // ms after which an answer is late
const patience = 10_000; // ms after which nobody waits for it
const mostText = 200; // characters of an answer that is not the broker's

// createPast asks the broker once a second, while the page is visible, what was in the last 15 minutes and whether it
// grants. A page that is not visible asks nothing.
export const createPast = (session, onChange) => {
  let run;
  let timer;
  let asking = false;

  const past = {
    next: undefined, // the number of the last point
    points: [], // of [grants, waiting, longest wait, longest hold], the times in ms, or null; one a second
    end: 0, // when the last point was, in ms since 1970
    needs: undefined, // the permission that the points need, if they are not permitted
    deadlocks: 0, // how many requests were refused as deadlocks
    notGranting: undefined, // why the broker grants nothing
    left: undefined, // how many ms that may last
    asked: undefined, // when the question was asked that is not answered yet, as performance.now()
    problem: "", // why the broker has given no answer

    // isLate reports whether the broker does not answer.
    isLate: () => past.asked !== undefined && performance.now() - past.asked > late,
  };

  const ask = async () => {
    clearTimeout(timer);
    if (document.hidden || asking) return;
    timer = setTimeout(ask, interval);
    if (session.state === "login") return;
    asking = true;
    past.asked = performance.now();
    try {
      const url = new URL("history", document.baseURI);
      if (past.next !== undefined) url.searchParams.set("after", past.next);
      const signal = AbortSignal.timeout(patience);
      const answer = await fetch(url, { headers: session.headers, cache: "no-store", signal });
      if (answer.ok) take(await answer.json(), url.search);
      else if (answer.status === 401) session.unauthorized();
      else past.problem = toVisible((await answer.text()).trim().slice(0, mostText));
    } catch {
      past.problem = "the broker cannot be reached";
    }
    past.asked = undefined;
    asking = false;
    onChange();
    clearTimeout(timer);
    timer = setTimeout(ask, interval);
  };

  const take = (m, asked) => {
    if (m.run !== run || m.next - past.next > most) past.points = [];
    if (m.run !== run && asked) {
      past.next = undefined; // the broker has restarted: the next question is for all of its points
      run = m.run;
      return;
    }
    run = m.run;
    past.points.push(...(m.points ?? []));
    past.points.splice(0, past.points.length - most);
    Object.assign(past, {
      next: m.next, run, end: Date.now(), needs: m.points_need, deadlocks: m.deadlocks ?? 0,
      notGranting: m.not_granting, left: m.left_ms, problem: "",
    });
  };

  document.addEventListener("visibilitychange", ask);
  ask();
  return past;
};
