// What a worker itself sees of the connections of its client. It does not rely on what the client says.

export const now = () => process.hrtime.bigint(); // CLOCK_MONOTONIC

const toNanoseconds = (ms) => BigInt(Math.ceil(ms * 1e6));

// follow returns a constructor of WebSockets for one client, and a function that returns the latest connection.
export const follow = () => {
  let latest;
  let moved; // the latest line whose broker moved
  const taken = (line) => {
    if (moved) moved.next = line;
  };
  class Followed extends WebSocket {
    constructor(...args) {
      super(...args);
      if (latest?.moves) moved = latest;
      latest = new Line(this, taken);
    }
  }
  return { WebSocket: Followed, line: () => latest };
};

// A Line knows when a client must have lost the locks that it holds on a connection. If the broker moves, the client
// goes on with them until the lease ends, or on the next connection.
class Line {
  moves = false; // whether the broker has said that it moves
  next; // the line on which the session was taken up
  #lease; // ns
  #heard; // when the latest answer to a ping arrived. The client sent that ping earlier.
  #closed;

  constructor(socket, taken) {
    socket.addEventListener("message", ({ data }) => {
      const { type, timeout_ms: timeout } = JSON.parse(data);
      if (type === "hello") this.#lease = toNanoseconds((timeout * 2) / 3);
      if (type === "hello" || type === "pong") this.#heard = now();
      if (type === "moving") this.moves = true;
      if (type === "resumed") taken(this);
    });
    socket.addEventListener("close", () => {
      if (!this.moves) this.#closed ??= now();
    });
  }

  // lostAt returns when the locks were lost, or undefined if they may still be held. They expire then, if they do.
  lostAt(expires) {
    if (this.next) return this.next.lostAt(expires);
    const ends = [expires, this.#closed, this.#heard + this.#lease].filter((end) => end && end < now());
    return ends.sort((a, b) => (a < b ? -1 : 1))[0];
  }
}

// expiryOf returns when a hold passes that began just now, or undefined.
export const expiryOf = ({ hold }) => hold && now() + toNanoseconds(hold);

const longestGap = toNanoseconds(50); // between two samples that are in time
const enough = 5; // so many samples must be

// A Pace says whether a thread runs at its usual pace. If not, its process was frozen, or the machine is busy. Then the
// timers of the client are late, too, and a lock that is lost looks as if it were held.
export class Pace {
  #latest = now();
  #streak = 0;

  // isSteady adds a sample, and reports whether it and those before it came in time.
  isSteady(at) {
    this.#streak = at - this.#latest > longestGap ? 0 : this.#streak + 1;
    this.#latest = at;
    return this.#streak >= enough;
  }
}
