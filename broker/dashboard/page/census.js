import { first, toProgram } from "./requests.js";

const step = 1000; // requests between two yields

// takeCensus goes through all locks once: what waits and holds longest, which lock has most waiters, and which programs
// hold most. It is a generator, so that it can be done bit by bit, and returns what it has found.
export function* takeCensus(locks) {
  const found = { requests: 0, wait: undefined, hold: undefined, queue: undefined };
  const programs = new Map(); // by name: { name, holding, waiting }
  const count = (request, what) => {
    const name = toProgram(request);
    let program = programs.get(name);
    if (!program) programs.set(name, (program = { name, holding: 0, waiting: 0 }));
    program[what]++;
  };
  let yielded = 0;
  for (const lock of locks.values()) {
    found.wait = older(found.wait, first(lock.waiters), lock);
    found.hold = older(found.hold, first(lock.holders), lock);
    if (lock.waiters.size > (found.queue?.waiters.size ?? 0)) found.queue = lock;
    for (const request of lock.holders.values()) count(request, "holding");
    for (const request of lock.waiters.values()) count(request, "waiting");
    found.requests += lock.holders.size + lock.waiters.size;
    if (found.requests < yielded + step) continue;
    yielded = found.requests;
    yield;
  }
  const byHolding = (a, b) => b.holding - a.holding || b.waiting - a.waiting;
  return { ...found, programs: [...programs.values()].sort(byHolding) };
}

const older = (known, request, lock) => {
  if (!request || request.since >= known?.request.since) return known;
  return { request, lock };
};
