// The requests of locks.
const requests = new WeakMap();

export const requestOf = (lock) => requests.get(lock);

// A Lock is what callers get of a request that is granted. Only grants make locks.
export class Lock {
  constructor(request) {
    requests.set(this, request);
    Object.freeze(Object.assign(this, request.granted));
  }

  // signal looks at the clocks each time it is read: after the process was frozen it is
  // aborted at once, when no timer has fired yet.
  get signal() {
    return requestOf(this).watched();
  }
}

// disposal is the method that await using calls; where the platform has no such symbol yet,
// what stands in for it.
export const disposal = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

// A HeldLock is held until it is released.
export class HeldLock extends Lock {
  release() {
    return requestOf(this).release();
  }

  [disposal]() {
    return this.release();
  }
}
