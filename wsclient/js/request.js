import { backstop, since } from "./lease.js";
import { invalidState, loss, refusal } from "./errors.js";
import { cancelling, ended, holding, releasing, waiting } from "./states.js";
import { expect, forbid, toMode, toNames, toNumber, toParent, toSignal, toSpecs, toText, toWord } from "./options.js";
import { now, timer } from "./clock.js";
import { escapeName } from "./names.js";
import { isResubmitted } from "./retry.js";
import { onAbort } from "./signal.js";
import { requestOf } from "./lock.js";

// acquire makes a request with the arguments that read returns, and follows it to its end. While the
// request waits it is submitted on one connection after another. When it is granted, use is called
// with the request. If ifAvailable is set and the lock is not free, use is called with null. The other
// arguments of use settle the promise that acquire returns. That promise is rejected when the request
// is refused, and when its locks are lost.
export const acquire = (read) =>
  new Promise((resolve, reject) => {
    const [client, name, options, callback, use = callback] = read();
    const o = options ?? {};
    expect(Object(o) === o, "an object of options");
    // Web IDL reads each option once, in the order of their names.
    const author = toText(o.author);
    const hold = toNumber(o, "hold");
    const ifAvailable = Boolean(o.ifAvailable);
    const limit = toNumber(o, "limit");
    const mode = toMode(o);
    const more = toNames(o.names);
    const parent = toParent(o.parent);
    const quiet = toWord(o, "release", "confirmed", "async") === "async" || undefined; // whether to release without an answer
    const signal = toSignal(o.signal);
    const steal = Boolean(o.steal);
    const wait = toNumber(o, "wait");
    expect(typeof callback === "function", "a callback");

    const specs = toSpecs({ name, mode, limit }, more);
    const names = specs.map((spec) => spec.name);
    forbid(steal && (ifAvailable || specs.some((spec) => spec.mode === "shared")), "steal with ifAvailable or shared");
    forbid((steal || ifAvailable) && (signal || wait !== undefined), "steal or ifAvailable with signal or wait");

    const { clock, pending } = client;
    const outer = requestOf(parent); // undefined for a request of another program
    const once = ifAvailable || steal || wait === 0; // it does not wait, so it is never submitted twice
    // Whether it may be submitted on another connection. A request inside a lock may not: that lock ends
    // with its connection.
    const canMove = !once && !parent;
    const deadline = now(clock).mono + wait; // the end of its wait; NaN: never
    const waitLeft = () => deadline - now(clock).mono;
    const wake = timer(clock); // for the end of its wait, or of its hold
    let state = waiting;
    let conn; // the connection on which it was submitted
    let id, token;
    let error; // why it has ended; undefined if it was released
    let begun; // when its wait began on this session, and later when its hold began
    let controller; // aborts the signal of the lock
    let released; // settles the promise of release
    let failed = reject; // rejects the promise of acquire, and later that of release, or reports a late loss
    let release; // the promise of release

    const holds = () => state === holding;

    const send = (type, quiet) => conn.send({ type, id, quiet });

    const sendRelease = () => {
      send("release", quiet);
      if (quiet) conn.quiet.set(id, conn.next);
    };

    const holdLeft = () => hold - since(now(clock), begun);

    // describe returns the fields of the request on the wire, as they are now.
    const describe = (timeout) => ({
      locks: specs.map(({ name, mode, limit }) => ({
        name: escapeName(name),
        mode: mode === "shared" ? mode : undefined,
        limit,
      })),
      author: author ?? client.author,
      wait_ms: token ? undefined : ifAvailable ? 0 : wait && Math.max(1, Math.ceil(waitLeft())),
      hold_ms: hold && backstop(token ? holdLeft() : hold, timeout),
      parent: parent?.id ?? parent,
    });

    // waitForConnection lets the request wait for the next connection, at most until its deadline.
    const waitForConnection = () => {
      conn = null;
      waitOffline();
    };

    const waitOffline = () => {
      const why = client.conn ? "the broker is stopping" : client.offline.message;
      if (waitLeft() >= 1) wake(waitLeft(), waitOffline);
      else if (wait) end(toRefusal({ code: "timeout", message: `not granted in time: ${why}` }));
    };

    const granted = (m) => {
      if (!Number.isSafeInteger(m.token) || (token && m.token !== token)) throw "no token";
      ({ token } = m);
      if (state !== waiting) return; // its owner has given up, or the grant is repeated
      stopWaiting();
      state = holding;
      request.granted = { id, token, names, name, mode: specs[0].mode };
      begun = now(clock);
      controller = new AbortController();
      checkHold();
      use(request, resolve, reject);
    };

    // checkHold ends the request if its hold has passed, and then frees the locks on the broker.
    const checkHold = () => {
      if (!hold || !holds()) return;
      const left = holdLeft();
      if (left >= 1) {
        wake(left, checkHold);
      } else {
        lost("expired");
        send("cancel");
      }
    };

    // refused handles an error from the broker. If the broker does not find the parent, the parent
    // ended while the request was on its way.
    const refused = (m) => {
      const isUnavailable = m.code === "unavailable";
      if (state === waiting && canMove && isResubmitted(m.code)) {
        conn.open.delete(id);
        waitForConnection();
      } else if (isUnavailable && ifAvailable) {
        end();
        use(null, resolve, reject);
      } else {
        const error = toRefusal(isUnavailable && !steal ? { ...m, code: "timeout" } : m);
        end((m.code === "not_found" && outer?.error()) || error);
      }
    };

    const toRefusal = (m) => refusal(m, names, conn?.session);

    const lost = (...why) => end(loss(names, id, token, ...why));

    // end ends the request. why is the error to report, if there is one. The holder is told before
    // anyone else.
    const end = (why) => {
      state = ended;
      conn?.open.delete(id);
      conn?.quiet.delete(id);
      wake();
      stopWaiting();
      error = why;
      if (why) {
        controller?.abort(why);
        failed(why);
      } else {
        released?.();
      }
    };

    // An abort of the caller's signal cancels the request while it waits. A cancel ends it on the
    // broker even if a grant is on its way, so there is no answer to wait for.
    const ignoreSignal = onAbort(signal, () => {
      stopWaiting();
      state = cancelling;
      if (conn) send("cancel");
      else end();
      failed(signal.reason); // which may be any value
    });

    const stopWaiting = () => {
      ignoreSignal();
      pending.delete(request);
    };

    const request = {
      end,
      holds,
      // granted is set by the grant: what a lock shows to callers.

      error: () => error,

      // lose ends the request with its connection, and reports whether it held its locks.
      lose() {
        const isHeld = holds() || state === releasing;
        if (isHeld) lost(...conn.loss);
        return isHeld;
      },

      // submit sends the request on a connection, with the rest of its wait.
      submit(on) {
        if (conn === on) return; // it has moved
        wake();
        conn = on;
        begun = now(clock);
        id = conn.begin(request, { type: "acquire", ...describe(conn.timeout), steal: steal || undefined });
      },

      // statement returns what a statement says about the request, or undefined if that leaves it out. timeout is the
      // session timeout of the broker that gets it.
      statement(timeout) {
        if (state > holding) return;
        const age = Math.trunc(now(clock).mono - begun.mono);
        return { n: request.n, token, age_ms: Math.min(age, 365 * 86_400_000), ...describe(timeout) };
      },

      // move takes the request to another connection of its session, and tells the broker what has happened since the
      // statement.
      move(on) {
        conn = on;
        conn.open.set(id, request);
        if (state === waiting) wake(); // from now on the broker counts
        if (state === releasing) sendRelease();
        if (state === cancelling) send("cancel");
      },

      // leftOut ends a request that was left out of a statement because its owner no longer wants it.
      leftOut() {
        if (state > holding) end();
      },

      // receive handles a message about the request. It throws if the message makes no sense.
      receive(m) {
        conn.confirm(request.n);
        if (m.type === "granted") granted(m);
        else if (m.code === "not_found" && conn.quiet.has(id)) conn.confirm(conn.quiet.get(id));
        else if (m.type === "error") refused(m);
        else if (m.type === "lost") lost(m.reason, undefined, m);
        else if (state < releasing) throw m.type; // released or cancelled
        else end();
      },

      // fail ends the request with its connection, or lets it wait for the next one. If isKept is true, the
      // request stays in its session.
      fail(why, isKept) {
        if (isKept && (state === waiting ? !once : state < cancelling)) {
          if (state === waiting) waitOffline();
        } else if (state === waiting && canMove && !client.error) waitForConnection();
        else end(outer?.error() ?? client.error ?? why);
      },

      // signal returns the signal of the lock. It first checks whether the lock is still held.
      signal() {
        if (holds()) {
          if (conn.checkLease()) lost(...conn.loss);
          else checkHold();
        }
        return controller.signal;
      },

      // release returns a promise that is settled when the broker has confirmed the release. It is
      // rejected if the locks were lost before that. If quiet is set, the promise is settled at once, and
      // a loss that is heard of later is reported by an event. A close is no such loss, because its goodbye
      // follows the release.
      release: () =>
        (release ??= new Promise((resolve, reject) => {
          if (quiet) request.signal(); // which checks whether the lock is still held
          if (state === ended) throw error;
          wake(); // clears the timer of its hold
          state = releasing;
          released = resolve;
          failed = reject;
          sendRelease();
          if (quiet) {
            failed = (error) => error.reason === "closed" || client.emit("lateloss", { error });
            resolve();
          }
        })),
    };

    pending.add(request);
    const current = client.conn;
    if (client.error) end(client.error);
    else if (outer && !outer.holds()) end(outer.error() ?? invalidState("the parent was released"));
    else if (!current && once) end(client.offline);
    else if (!current || (current.draining && canMove)) waitForConnection();
    else request.submit(current);
  });
