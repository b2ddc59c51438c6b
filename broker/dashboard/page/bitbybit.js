const most = 6; // ms of work at a time

// createWork runs a generator bit by bit: each call of go does some milliseconds of it. go returns what the generator has
// returned, or undefined before that. The next call begins again.
export const createWork = (begin) => {
  let running;
  return {
    go(...args) {
      running ??= begin(...args);
      const until = performance.now() + most;
      do {
        const { done, value } = running.next();
        if (!done) continue;
        running = undefined;
        return value;
      } while (performance.now() < until);
      return undefined;
    },
  };
};
