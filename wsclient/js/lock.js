import { withDetails } from "./errors.js";

const requests = new WeakMap();

// requestOf returns the request of a lock, and undefined for anything else.
export const requestOf = (lock) => requests.get(lock);

// A Lock is what callers see of a granted request. Only grants make locks.
export class Lock {
  constructor(request) {
    requests.set(this, request);
    Object.freeze(withDetails(this, request.granted));
  }

  // signal reads the clocks each time. After the process was frozen it is aborted at once, even if
  // no timer has fired yet.
  get signal() {
    return requestOf(this).signal();
  }
}

// disposal is the name of the method that await using calls, or a substitute if the platform does
// not know that symbol yet.
export const disposal = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

// A HeldLock is held until its holder releases it.
export class HeldLock extends Lock {
  release() {
    return requestOf(this).release();
  }

  [disposal]() {
    return this.release();
  }
}
