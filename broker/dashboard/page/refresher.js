const pause = 2000; // ms between two questions

// createRefresher asks for what no change tells, while somebody looks at a lock.
export const createRefresher = () => {
  let due = 0;
  return (view, name) => {
    if (!view?.isCurrent || performance.now() < due) return;
    due = performance.now() + pause;
    view.refresh(name);
  };
};
