const few = 1000; // requests, which fit into one page
const [often, seldom] = [2000, 20_000]; // ms between two questions

// createRefresher asks for what no change tells, while somebody looks at a lock.
export const createRefresher = () => {
  let due = 0;
  return (view, name) => {
    if (!view?.isCurrent || performance.now() < due) return;
    const lock = view.locks.get(name);
    due = performance.now() + (lock.holders.size + lock.waiters.size <= few ? often : seldom);
    view.refresh(name);
  };
};
