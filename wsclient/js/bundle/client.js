/*!
 * The JavaScript client of the lock broker, https://github.com/lockbroker/lockbroker
 * Copyright (c) 2026 The lockbroker authors, MIT License
 *
 * index.d.ts documents it. go generate makes this file from wsclient/js/client.js and its parts, whose
 * comments tell the why. The broker serves the parts too, for reading. Import from this file alone: a
 * part has its own copies of the classes.
 * clock.js codes.js connection.js errors.js info.js lease.js lock.js manager.js names.js options.js request.js retry.js settle.js signal.js states.js supervisor.js watch.js
 */

// lock.js
var requests = /* @__PURE__ */ new WeakMap();
var requestOf = (lock) => requests.get(lock);
var Lock = class {
  constructor(request) {
    requests.set(this, request);
    Object.freeze(Object.assign(this, request.granted));
  }
  // signal looks at the clocks each time it is read: after the process was frozen it is
  // aborted at once, when no timer has fired yet.
  get signal() {
    return requestOf(this).watched();
  }
};
var disposal = Symbol.asyncDispose ?? /* @__PURE__ */ Symbol.for("Symbol.asyncDispose");
var HeldLock = class extends Lock {
  release() {
    return requestOf(this).release();
  }
  [disposal]() {
    return this.release();
  }
};

// info.js
async function* pages(client, question, whole) {
  const conn = await client.ready();
  const ask = (more) => conn.ask({ type: "info", ...question, ...more });
  for (let after; ; ) {
    const { locks, next } = await ask({ after });
    for (let lock of locks) {
      for (; lock; lock = whole && await rest(ask, lock)) yield lock;
    }
    if (!next) return;
    after = next;
  }
}
async function rest(ask, { seq, holders_next, waiters_next }) {
  if (holders_next >= 0 || waiters_next >= 0) {
    return (await ask({ seq, holders_after: holders_next, waiters_after: waiters_next })).locks[0];
  }
}

// codes.js
var codes = {
  never: "bad_request bad_id not_held not_found evicted forbidden 1000 1002 1003 1009 400 401 403 405 426",
  later: "unavailable not_granting timeout deadlock too_many 429 503",
  reconnect: "shutting_down 1006 1008 1012"
};
var retryOf = (code) => Object.keys(codes).find((retry) => codes[retry].split(" ").includes(`${code}`));

// errors.js
var LockError = class extends Error {
  name = "LockError";
};
var DeadlockError = class extends LockError {
  name = "DeadlockError";
};
var ConnectionError = class extends Error {
  name = "ConnectionError";
};
var LostError = class extends Error {
  name = "LostError";
};
function refusal({ code, message, by, cycle, holders = [], ahead = 0 }) {
  const Refusal = cycle ? DeadlockError : LockError;
  const error = code === "timeout" ? exception("TimeoutError", message) : withDetails(new Refusal(message), { code, retry: retryOf(code), by, cycle });
  return withDetails(error, { holders, ahead });
}
function lost(reason, cause, { by, message } = cause ?? {}) {
  const text = `the lock was lost: ${[reason, by && `by ${by}`, message].filter(Boolean).join(", ")}`;
  const error = reason === "stolen" ? exception("AbortError", text) : new LostError(text, { cause });
  return withDetails(error, { reason, by });
}
var withDetails = Object.assign;
var { DOMException } = globalThis;
var exception = (name, message) => new DOMException(message, name);

// options.js
function demand(ok, wanted) {
  if (!ok) throw new TypeError(`want ${wanted}`);
}
function toSpecs(first, more) {
  const specs = /* @__PURE__ */ new Map();
  for (const spec of [first, ...more]) {
    const { name } = spec;
    refuse(name.startsWith("-"), "a lock and a name that begins with -");
    if (specs.get(name)?.mode !== "exclusive") specs.set(name, { ...first, ...spec });
  }
  return [...specs.values()];
}
function refuse(both, what) {
  if (both) throw exception("NotSupportedError", `${what} cannot go together`);
}
var toDOMString = (value) => `${value}`;
function toText(value) {
  const text = value === void 0 ? value : toDOMString(value);
  demand(text?.isWellFormed() ?? true, "well-formed text");
  return text;
}
var year = 31536e6;
var toWait = (value) => toNumber("wait", value, 0, year);
var toHold = (value) => toNumber("hold", value, 1, 330 * 864e5);
function toNumber(what, value, least, most) {
  if (value === void 0) return value;
  demand(typeof value === "number" && value >= least && value <= most, `${what}: a number, ${least} to ${most}`);
  return Math.ceil(value);
}
var toCount = (value) => toNumber("max and queue", value, 1, 1e4);
var toLimit = (value) => toNumber("limit", value, 1, 1e6);
function toMode(value = "exclusive") {
  const mode = toDOMString(value);
  demand(mode === "exclusive" || mode === "shared", "the mode exclusive or shared");
  return mode;
}
function toNames(value = []) {
  demand(typeof value !== "string", "a list of names");
  return [...value].map(toSpec);
}
function toSpec(value) {
  if (Object(value) !== value) return { name: toDOMString(value) };
  return { limit: toLimit(value.limit), mode: toMode(value.mode), name: toDOMString(value.name) };
}
function toParent(value) {
  if (value === void 0) return value;
  const isID = /^\w+--\d+$/.test(value);
  const request = isID ? { granted: { id: value }, isHolding: () => true, error() {
  } } : requestOf(value);
  demand(request, "a lock or its id as parent");
  return request;
}
function toSignal(value) {
  if (value !== void 0) Reflect.get(AbortSignal.prototype, "aborted", value);
  return value;
}

// clock.js
var longest = 2 ** 31 - 1;
function timer(clock) {
  let set;
  return (ms, f) => {
    clock.clearTimeout(set);
    if (f) set = clock.setTimeout(f, Math.min(Math.ceil(ms), longest));
  };
}
var now = (clock) => ({ mono: clock.performance.now(), wall: clock.Date.now() });
var since = (at, earlier) => Math.max(at.mono - earlier.mono, at.wall - earlier.wall);

// retry.js
function backoff() {
  const first = 100;
  const most = 5e3;
  const settled = 1e4;
  let attempts = 0;
  return (lasted, dice) => {
    if (lasted >= settled) attempts = 0;
    return dice * Math.min(most, first * 2 ** attempts++);
  };
}
var isFinal = ({ status, code }) => (retryOf(status) ?? (code !== 1e3 && retryOf(code))) === "never";
var asksAgain = (code) => retryOf(code) === "reconnect";

// lease.js
var leaseLeft = (timeout, heard, at) => timeout * 2 / 3 - since(at, heard);
var silence = (timeout, heard, at) => timeout - (at.mono - heard.mono);
var later = (a, b) => a.mono > b.mono ? a : b;
var backstop = (hold, timeout) => Math.ceil((3 * hold + 2 * timeout) * 11 / 30);

// names.js
var mark = "￿";
var odd = /\uFFFF|[\uD800-\uDFFF]/gu;
var escapeName = (name) => name === "" ? mark : name.replace(odd, (c) => mark + (c === mark ? c : c.charCodeAt(0).toString(16)));
function unescapeName(text) {
  if (text === mark) return "";
  const name = text.replace(/\uFFFF(\uFFFF|d[89a-f][0-9a-f]{2})/g, (_, c) => c === mark ? c : String.fromCharCode(`0x${c}`));
  return escapeName(name) === text ? name : text;
}
var parse = (frame) => JSON.parse(frame, /\uFFFF|\\uffff/i.test(frame) ? revive : void 0);
var revive = (key, value) => typeof value === "string" && /^(name|lock|\d+)$/.test(key) ? unescapeName(value) : value;

// signal.js
function onAbort(signal, f) {
  signal?.throwIfAborted();
  signal?.addEventListener("abort", f);
  return () => signal?.removeEventListener("abort", f);
}

// states.js
var waiting = 0;
var holding = 1;
var releasing = 2;
var leaving = 3;
var ended = 4;

// request.js
var obtain = (read) => new Promise((resolve, reject) => {
  const [client, name, options, callback, use = callback] = read();
  const o = options ?? {};
  demand(Object(o) === o, "an object of options");
  const author = toText(o.author);
  const hold = toHold(o.hold);
  const ifAvailable = Boolean(o.ifAvailable);
  const limit = toLimit(o.limit);
  const mode = toMode(o.mode);
  const names = toNames(o.names);
  const parent = toParent(o.parent);
  const signal = toSignal(o.signal);
  const steal = Boolean(o.steal);
  const wait = toWait(o.wait);
  demand(typeof callback === "function", "a callback");
  const specs = toSpecs({ name, mode, limit }, names);
  refuse(steal && (ifAvailable || specs.some((spec) => spec.mode === "shared")), "steal and ifAvailable or shared");
  refuse((steal || ifAvailable) && (signal || wait !== void 0), "steal or ifAvailable and signal or wait");
  const { clock, requests: requests2 } = client;
  const once = ifAvailable || steal || wait === 0;
  const canMove = !once && !parent;
  const until = now(clock).mono + wait;
  const left = () => until - now(clock).mono;
  const wake = timer(clock);
  let state = waiting;
  let conn;
  let id;
  let error;
  let grantedAt;
  let loss;
  let released;
  let failed = reject;
  let release;
  const isHolding = () => state === holding;
  const pend = () => {
    conn = void 0;
    if (left() >= 1) wake(left(), pend);
    else if (wait) end(refusal({ code: "timeout", message: `not granted in time: ${whyNot()}` }));
  };
  const whyNot = () => client.conn ? "the broker is about to stop" : `no connection: ${client.offline.message}`;
  const grant = ({ token }) => {
    if (!Number.isSafeInteger(token)) throw "a grant without a token";
    if (state !== waiting) return;
    stopWaiting();
    state = holding;
    request.granted = { id, token, names: specs.map((spec) => spec.name), name, mode: specs[0].mode };
    grantedAt = now(clock);
    loss = new AbortController();
    checkHold();
    use(request, resolve, reject);
  };
  const checkHold = () => {
    if (!hold || !isHolding()) return;
    const rest2 = hold - since(now(clock), grantedAt);
    if (rest2 >= 1) {
      wake(rest2, checkHold);
      return;
    }
    end(lost("expired"));
    cancel();
  };
  const cancel = () => conn.send({ type: "cancel", id });
  const refused = (m) => {
    const isUnavailable = m.code === "unavailable";
    if (state === waiting && canMove && asksAgain(m.code)) {
      conn.open.delete(id);
      pend();
    } else if (isUnavailable && ifAvailable) {
      end();
      use(null, resolve, reject);
    } else if (isUnavailable && !steal) {
      end(refusal({ ...m, code: "timeout" }));
    } else {
      end(m.code === "not_found" && parent?.error() || refusal(m));
    }
  };
  const end = (why) => {
    const isOver = state >= leaving;
    state = ended;
    conn?.open.delete(id);
    wake();
    stopWaiting();
    if (isOver) return;
    error = why;
    if (why) {
      loss?.abort(why);
      failed(why);
    } else {
      released?.();
    }
  };
  const forget = onAbort(signal, () => {
    stopWaiting();
    state = leaving;
    if (conn) cancel();
    else end();
    failed(signal.reason);
  });
  const stopWaiting = () => {
    forget();
    requests2.delete(request);
  };
  const request = {
    end,
    isHolding,
    // Later on also granted, what a lock shows to callers.
    error: () => error,
    isHeld: () => isHolding() || state === releasing,
    // ask asks for it on conn, whose broker counts its wait from now on.
    ask(on) {
      wake();
      conn = on;
      try {
        id = conn.begin(request, {
          type: "acquire",
          locks: specs.map(({ name: name2, mode: mode2, limit: limit2 }) => ({
            name: escapeName(name2),
            mode: mode2 === "shared" ? mode2 : void 0,
            limit: limit2
          })),
          author: author ?? client.author,
          wait_ms: ifAvailable ? 0 : wait && Math.max(1, Math.ceil(left())),
          hold_ms: hold && backstop(hold, conn.timeout),
          parent: parent?.granted.id,
          steal: steal || void 0
        });
      } catch (problem) {
        end(problem);
      }
    },
    // take handles what the broker says about it. It throws what makes no sense.
    take(m) {
      if (m.type === "granted") grant(m);
      else if (m.type === "error") refused(m);
      else if (m.type === "lost") end(lost(m.reason, void 0, m));
      else if (state < releasing) throw m.type;
      else end();
    },
    // fail ends it with its connection, or lets it wait for the next.
    fail(why) {
      if (state === waiting && canMove && !client.error) pend();
      else end(parent?.error() ?? client.error ?? why);
    },
    // watched is the signal that is aborted when the locks are lost.
    watched() {
      if (isHolding()) {
        if (conn.checkLease()) end(conn.lost());
        else checkHold();
      }
      return loss.signal;
    },
    // release gives the locks back. The promise is settled when the broker has confirmed it,
    // with the error if they were not held until then.
    release: () => release ??= new Promise((freed, notFreed) => {
      if (state === ended) {
        notFreed(error);
        return;
      }
      wake();
      state = releasing;
      released = freed;
      failed = notFreed;
      conn.send({ type: "release", id });
    })
  };
  requests2.add(request);
  const { conn: current, offline } = client;
  if (client.error) end(client.error);
  else if (parent && !parent.isHolding()) end(parent.error() ?? exception("InvalidStateError", "the parent was released"));
  else if (!current && once) end(offline);
  else if (!current || current.draining && canMove) pend();
  else request.ask(current);
});

// watch.js
async function* follow(client, match, signal) {
  const most = 1e4;
  let conn;
  let id;
  let stream;
  let lagged = false;
  const put = (change) => {
    if (!lagged && stream.desiredSize > 0) stream.enqueue(change);
    else lagged = true;
  };
  const end = (error) => {
    if (!client.watches.delete(watch)) return;
    if (conn?.open.delete(id)) conn.send({ type: "unwatch", id });
    stream.error(error);
  };
  const watch = {
    end,
    begin(on) {
      conn = on;
      try {
        id = conn.begin(watch, { type: "watch", match });
      } catch (error) {
        end(error);
      }
    },
    // take handles what the broker says about it.
    take(m) {
      if (m.type === "error") end(refusal(m));
      else put(m.type === "change" ? m : { event: m.type });
    },
    fail() {
    }
    // it begins anew
  };
  const source = {
    start(controller) {
      stream = controller;
    },
    // pull is called when the consumer has read.
    pull() {
      if (lagged) stream.enqueue({ event: "lagged" });
      lagged = false;
    }
  };
  const reader = new ReadableStream(source, { highWaterMark: most }).getReader();
  const forget = onAbort(signal, () => end(signal.reason));
  client.watches.add(watch);
  if (client.conn) watch.begin(client.conn);
  try {
    for (; ; ) yield (await reader.read()).value;
  } finally {
    forget();
    end();
  }
}

// settle.js
var settle = (find, options, run) => new Promise((resolve, reject) => {
  const client = find();
  if (client.error) throw client.error;
  const signal = toSignal(options?.signal);
  const last = (f) => (value) => {
    forget();
    client.pending.delete(fail);
    f(value);
  };
  const fail = last(reject);
  const forget = onAbort(signal, () => fail(signal.reason));
  client.pending.add(fail);
  run(client).then(last(resolve), fail);
});
function steps(client, options, generator) {
  const { next } = generator;
  generator.next = () => settle(() => client, options, () => next.call(generator));
  return generator;
}

// manager.js
var LockManager = class {
  #client;
  constructor(client) {
    this.#client = client;
  }
  // request takes (name, callback) or (name, options, callback). Its length is 2, as in Web IDL.
  request(name, second, ...more) {
    return obtain(() => {
      demand(arguments.length > 1, "a name and a callback");
      const [options, callback] = more.length > 0 ? [second, more[0]] : [void 0, second];
      const run = async (lock) => callback(lock);
      const use = (held, resolve, reject) => {
        run(held && new Lock(held)).finally(() => held?.release()).then(resolve, reject);
      };
      return [this.#client, toDOMString(name), options, callback, use];
    });
  }
  // acquire takes a name and perhaps options. The lock is held until it is released.
  acquire(name, options) {
    const use = (held, resolve) => resolve(held && new HeldLock(held));
    return obtain(() => [this.#client, toDOMString(name), options, use]);
  }
  // query lists all of everybody. Its length is 0, as in Web IDL.
  query(options = {}) {
    return settle(() => this.#client, options, async (client) => {
      const held = [];
      const pending = [];
      for await (const { name, holders, waiters } of pages(client, { queue: 1e4 }, true)) {
        const told = ({ id, mode }) => ({ name, mode, clientId: id.slice(0, id.indexOf("--")) });
        held.push(...holders.map(told));
        pending.push(...waiters.map(told));
      }
      return { held, pending };
    });
  }
  info(pattern, { empty, max, queue, signal } = {}) {
    const question = {
      match: toMatch(pattern),
      empty: Boolean(empty) || void 0,
      max: toCount(max),
      queue: toCount(queue)
    };
    return steps(this.#client, { signal }, pages(this.#client, question));
  }
  watch(pattern, { signal } = {}) {
    return steps(this.#client, void 0, follow(this.#client, toMatch(pattern), toSignal(signal)));
  }
  // why takes the name of a lock, or { request: id }.
  why(what, options) {
    return settle(() => this.#client, options, async (client) => {
      const request = toText(what?.request);
      const lock = request === void 0 ? escapeName(toDOMString(what)) : void 0;
      return (await (await client.ready()).ask({ type: "why", lock, request })).chain;
    });
  }
  evict(request, message, options) {
    return settle(() => this.#client, options, async (client) => {
      const conn = await client.ready();
      await conn.ask({ type: "evict", request: toText(request), message: toText(message) });
    });
  }
  get session() {
    return this.#client.conn?.session ?? "";
  }
  get notGranting() {
    return this.#client.conn?.pause;
  }
  get closed() {
    return this.#client.closed;
  }
  close() {
    return this.#client.close();
  }
  [disposal]() {
    return this.close();
  }
};
var toMatch = (pattern = "") => pattern === "" ? void 0 : escapeName(toDOMString(pattern));

// connection.js
var known = /^(granted|released|cancelled|lost|error|info|why|evicted|pong|watching|change|lagged|unwatched)$/;
var unsaid = "no connection: no broker there, it refuses this page, or Chrome has 255 WebSockets open";
function connection(client, WebSocket, url) {
  const helloWait = 1e4;
  const closeWait = 2e3;
  const { clock, parting } = client;
  const made = now(clock);
  const open = /* @__PURE__ */ new Map();
  const wake = timer(clock);
  const watchdog = timer(clock);
  let next = 0;
  let over;
  let closed = () => {
  };
  let heard = made;
  let pingDue;
  let session, most, heartbeat;
  let timeout = Infinity;
  const send = (message) => {
    if (over) return;
    const frame = JSON.stringify(message);
    if (frame.length * 3 > most && new TextEncoder().encode(frame).length > most) {
      throw new RangeError(`want a request of at most ${most} bytes`);
    }
    ws.send(frame);
  };
  const begin = (entry, message) => {
    const id = `${session}--${next++}`;
    open.set(id, entry);
    try {
      send({ ...message, id });
    } catch (error) {
      open.delete(id);
      throw error;
    }
    return id;
  };
  const ask = (message) => new Promise((resolve, reject) => {
    if (over) throw over;
    const take = (m) => {
      open.delete(m.id);
      if (m.type === "error") reject(refusal(m));
      else resolve(m);
    };
    begin({ take, fail: reject }, message);
  });
  const receive = (data) => {
    if (checkLease()) return;
    try {
      if (typeof data !== "string") throw "binary";
      const m = parse(data);
      if (/hello|pong|info|why/.test(m.type)) conn.pause = m.not_granting;
      if (!session) greet(m, data);
      else if (m.type === "draining") conn.draining = true;
      else if (!known.test(m.type) || !m.id) throw data;
      else open.get(m.id)?.take(m);
    } catch (problem) {
      abandon(`the broker is not understood: ${problem}`);
    }
  };
  const greet = (m, data) => {
    ({ heartbeat_ms: heartbeat, limits: { message_bytes: most } } = m);
    const left = leaseLeft(m.timeout_ms, made, now(clock));
    if (m.type !== "hello" || m.protocol !== 1 || !(left > 0 && heartbeat > 0 && most > 0)) {
      throw `no hello of version 1 in time, but ${data}`;
    }
    conn.session = session = m.session;
    conn.timeout = timeout = m.timeout_ms;
    pingDue = made.mono + heartbeat;
    arm();
    client.connected(conn);
  };
  const arm = () => {
    const at = now(clock);
    wake(pingDue - at.mono, ping);
    watchdog(leaseLeft(timeout, heard, at), checkLease);
  };
  const ping = () => {
    if (checkLease()) return;
    const sent = now(clock);
    const pong = () => {
      heard = later(sent, heard);
      arm();
    };
    ask({ type: "ping" }).then(pong, () => {
    });
    pingDue = sent.mono + heartbeat;
    wake(heartbeat, ping);
  };
  const checkLease = () => {
    if (!over && leaseLeft(timeout, heard, now(clock)) < 1) {
      end("lease", new ConnectionError("the broker does not answer"), part);
    }
    return over;
  };
  const fail = (message, code, status) => {
    if (checkLease()) return;
    end("connection", withDetails(new ConnectionError(message), { code, status }), cut);
  };
  const abandon = (message) => end("connection", new ConnectionError(message), part);
  const end = (reason, error, leave2) => {
    if (over) return;
    over = error;
    wake();
    watchdog();
    conn.lost = () => lost(reason, error);
    client.ended(error, session ? now(clock).mono - made.mono : 0, () => {
      const entries = [...open.values()];
      const held = entries.filter((entry) => entry.isHeld?.());
      for (const request of held.reverse()) request.end(conn.lost());
      for (const entry of entries) entry.fail(error);
      if (held.length > 0 || reason === "closed") leave2();
      else cut();
    });
  };
  const part = () => {
    if (client.error) {
      cut();
      return;
    }
    wake(silence(timeout, heard, now(clock)), hangUp);
    parting.add(hangUp);
    closed = () => parting.delete(hangUp);
  };
  const hangUp = () => {
    hasClosed();
    cut();
  };
  const hasClosed = () => {
    wake();
    closed();
  };
  const leave = () => ws.close(1e3, "goodbye");
  const cut = () => {
    if (ws.terminate) ws.terminate();
    else ws.close();
  };
  const conn = {
    ask,
    begin,
    checkLease,
    open,
    send,
    // rest ends it in order, until the page goes on.
    rest() {
      end("frozen", new ConnectionError("the page was left, or frozen"), leave);
    },
    // close ends it for good, in order. The promise is settled when the broker has answered,
    // or has not for too long.
    close: (error) => new Promise((resolve) => {
      closed = resolve;
      end("closed", error, () => {
        wake(closeWait, hangUp);
        leave();
      });
    })
  };
  const ws = new WebSocket(url, "lockbroker.v1");
  ws.onmessage = ({ data }) => receive(data);
  ws.onclose = ({ code, reason }) => {
    hasClosed();
    fail(`the connection was closed: ${code} ${reason}`, code);
  };
  ws.onerror = ({ message }) => {
    if (!session) hasClosed();
    const silent = session ? "the connection broke" : unsaid;
    fail(message || silent, 1006, Number(/server response: (\d{3})/.exec(message)?.[1]) || void 0);
  };
  wake(helloWait, () => abandon("no hello in time"));
  return conn;
}

// supervisor.js
var gone = "the page is gone";
function supervise(url, author, clock, WebSocket) {
  if (!WebSocket) {
    throw new ConnectionError("no WebSocket: pass that of the package ws, or run node --experimental-websocket");
  }
  if (globalThis.document?.defaultView === null) throw exception("InvalidStateError", gone);
  const pause = backoff();
  const retry = timer(clock);
  let attempt;
  let isNew = true;
  const waiting2 = [];
  let goodbye = Promise.resolve();
  let settle2;
  const client = {
    author,
    clock,
    closed: new Promise((resolve) => settle2 = resolve),
    // with error
    // Later on also conn, the connection, once the broker has said hello; offline, why there
    // is none; and error, why the client has ended for good.
    parting: /* @__PURE__ */ new Set(),
    // hang up connections that have ended here, and are still open
    pending: /* @__PURE__ */ new Set(),
    // reject what is to be rejected when the client ends
    requests: /* @__PURE__ */ new Set(),
    // those that wait, in the order in which they were made
    watches: /* @__PURE__ */ new Set(),
    // those that begin anew on each connection
    // connected asks on conn, which has begun, for all that waits.
    connected(conn) {
      isNew = false;
      attempt = void 0;
      client.conn = conn;
      for (const request of client.requests) request.ask(conn);
      for (const watch of client.watches) watch.begin(conn);
      for (const resolve of waiting2.splice(0)) resolve(conn);
    },
    // ended goes on after a connection, or an attempt, that has lasted so long and ended
    // because of error. Once that is noted it calls tell, for the rest to know.
    ended(error, lasted, tell) {
      attempt = client.conn = void 0;
      client.offline = error;
      tell?.();
      if (isNew || isFinal(error)) finish(error);
      if (!client.error) retry(pause(lasted, clock.Math.random()), connect2);
    },
    // ready waits for a connection. If none comes any more, whoever waits is in pending, too.
    ready: async () => client.conn ?? new Promise((resolve) => waiting2.push(resolve)),
    // close ends the client. The promise is settled when nothing of it is left.
    close(why = "the client was closed") {
      finish(exception("InvalidStateError", why));
      for (const hangUp of client.parting) hangUp();
      return goodbye;
    }
  };
  const connect2 = () => {
    if (client.conn || attempt || client.error) return;
    retry();
    try {
      attempt = connection(client, WebSocket, url);
    } catch (cause) {
      const why = cause.name === "SecurityError" ? "a page of https must use wss" : "no connection";
      client.ended(new ConnectionError(`${why}: ${cause.message}`, { cause }), 0);
    }
  };
  const wake = ({ type }) => {
    if (type !== "online" && document.hidden) return;
    client.conn?.checkLease();
    connect2();
  };
  const rest2 = ({ type, persisted }) => {
    if (type === "freeze" || persisted) {
      client.conn?.rest();
    } else {
      client.close(gone);
      goodbye = Promise.resolve();
    }
  };
  const listen = (how) => {
    const { document: document2, [how]: onWindow } = globalThis;
    onWindow?.("online", wake);
    onWindow?.("pagehide", rest2);
    document2?.[how]("visibilitychange", wake);
    document2?.[how]("freeze", rest2);
  };
  const finish = (error) => {
    if (client.error) return;
    client.error = error;
    retry();
    listen("removeEventListener");
    goodbye = (client.conn ?? attempt)?.close(error) ?? goodbye;
    for (const reject of client.pending) reject(error);
    for (const request of client.requests) request.fail(error);
    for (const watch of client.watches) watch.end(error);
    settle2(error);
  };
  listen("addEventListener");
  connect2();
  return client;
}

// client.js
var connect = (url, { author, clock = globalThis, label = defaultLabel(), WebSocket = globalThis.WebSocket } = {}) => settle(
  () => supervise(toTarget(url, toText(label)), toText(author), clock, WebSocket),
  void 0,
  async (client) => {
    await client.ready();
    return new LockManager(client);
  }
);
function toTarget(url, label) {
  const target = new URL(toText(url));
  target.protocol = target.protocol.replace(/^http/, "ws");
  target.hash = "";
  if (target.pathname === "/") target.pathname = "/ws";
  const { search, searchParams } = target;
  const more = searchParams.has("client") ? "" : `&client=${encodeURIComponent(label)}`;
  target.search = `${search && `${search}&`}alive=message${more}`;
  return target.href;
}
function defaultLabel() {
  const { location, process: { argv, pid, title } = {} } = globalThis;
  const program = argv?.[1] ?? title;
  return (location?.host || [program, pid].filter(Boolean).join(":")).slice(-80);
}
export {
  ConnectionError,
  DeadlockError,
  LockError,
  LostError,
  connect
};
