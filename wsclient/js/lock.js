// A Lock is what callbacks get. The class is not exported: only grants make locks.
export class Lock {
  #request;

  constructor(request) {
    this.#request = request;
  }

  get name() {
    return this.#request.specs[0].name;
  }

  get names() {
    return this.#request.specs.map((spec) => spec.name);
  }

  get mode() {
    return this.#request.specs[0].mode;
  }

  get token() {
    return this.#request.token;
  }

  get id() {
    return this.#request.id;
  }

  // signal looks at the clocks each time it is read: after the process was frozen it is
  // aborted at once, when no timer has fired yet.
  get signal() {
    return this.#request.watched();
  }

  static request(lock) {
    return lock.#request;
  }
}

// A HeldLock is held until it is released.
export class HeldLock extends Lock {
  async release() {
    return Lock.request(this).release();
  }

  // Where the platform has no such symbol yet, what stands in for it.
  async [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    return this.release();
  }
}
