import { first, toProgram } from "./requests.js";

// takeCensus goes through all locks once: what waits and holds longest, which lock has most waiters, and which programs
// hold most.
export const takeCensus = (locks) => {
  const found = { holding: 0, waiting: 0, wait: undefined, hold: undefined, queue: undefined };
  const programs = new Map(); // by name: { name, holding, waiting }
  const count = (request, what) => {
    const name = toProgram(request);
    if (!programs.has(name)) programs.set(name, { name, holding: 0, waiting: 0 });
    programs.get(name)[what]++;
  };
  for (const lock of locks.values()) {
    found.holding += lock.holders.size;
    found.waiting += lock.waiters.size;
    found.wait = older(found.wait, first(lock.waiters), lock);
    found.hold = older(found.hold, first(lock.holders), lock);
    if (lock.waiters.size > (found.queue?.waiters.size ?? 0)) found.queue = lock;
    for (const request of lock.holders.values()) count(request, "holding");
    for (const request of lock.waiters.values()) count(request, "waiting");
  }
  const byHolding = (a, b) => b.holding - a.holding || b.waiting - a.waiting;
  return { ...found, programs: [...programs.values()].sort(byHolding) };
};

const older = (known, request, lock) => {
  if (!request || request.since >= known?.request.since) return known;
  return { request, lock };
};
