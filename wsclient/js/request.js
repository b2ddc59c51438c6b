import { now, since, timer } from "./clock.js";
import { exception, lost, refusal } from "./errors.js";
import { asksAgain } from "./retry.js";
import { backstop } from "./lease.js";
import { escapeName } from "./names.js";
import { onAbort } from "./signal.js";
import { demand, refuse, toHold, toLimit, toMode, toNames, toParent, toSignal, toSpecs, toText, toWait } from "./options.js";
import { ended, holding, leaving, releasing, waiting } from "./states.js";

// obtain makes a request, which is an acquire, of what read returns, from the call to its end.
// It is asked for on one connection after another until it is granted or refused. Where it is
// granted, or is not and asked for ifAvailable, use is called: with the request or null, and
// with what settles the promise that obtain returns. Later on that is rejected when the locks
// are lost.
export const obtain = (read) =>
  new Promise((resolve, reject) => {
    const [client, name, options, callback, use = callback] = read();
    const o = options ?? {};
    demand(Object(o) === o, "an object of options");
    // They are read in the order of their names, each once.
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
    // What may not go together is refused before anything is asked for.
    refuse(steal && (ifAvailable || specs.some((spec) => spec.mode === "shared")), "steal and ifAvailable or shared");
    refuse((steal || ifAvailable) && (signal || wait !== undefined), "steal or ifAvailable and signal or wait");

    const { clock, requests } = client;
    const once = ifAvailable || steal || wait === 0; // it does not wait, and is not asked for again
    // Whether it can be asked for on another connection: not what does not wait, nor what is
    // made inside a lock, which ends with its connection.
    const canMove = !once && !parent;
    const until = now(clock).mono + wait; // it waits until then; NaN: for ever
    const left = () => until - now(clock).mono;
    const wake = timer(clock); // for the end of its wait, or of its hold
    let state = waiting;
    let conn; // on which it was asked for
    let id;
    let error; // why it has ended
    let grantedAt; // its hold counts from then
    let loss; // aborted when the locks are lost
    let released; // called when they are free, and
    let failed = reject; // otherwise, after which there is nothing more to tell
    let release; // the promise of its release

    const isHolding = () => state === holding;

    // pend lets it wait for a connection, for as long as it may wait at all.
    const pend = () => {
      conn = undefined;
      if (left() >= 1) wake(left(), pend);
      else if (wait) end(refusal({ code: "timeout", message: `not granted in time: ${whyNot()}` }));
    };

    // whyNot says why it could not even be asked for.
    const whyNot = () => (client.conn ? "the broker is about to stop" : `no connection: ${client.offline.message}`);

    const grant = ({ token }) => {
      if (!Number.isSafeInteger(token)) throw "a grant without a token";
      if (state !== waiting) return; // its owner has given up
      stopWaiting();
      state = holding;
      request.granted = { id, token, names: specs.map((spec) => spec.name), name, mode: specs[0].mode };
      grantedAt = now(clock);
      loss = new AbortController();
      checkHold();
      use(request, resolve, reject);
    };

    // checkHold ends it when it has been held for as long as it may, and then frees the lock
    // on the broker. Whatever the broker still sends for it finds nobody.
    const checkHold = () => {
      if (!hold || !isHolding()) return;
      const rest = hold - since(now(clock), grantedAt);
      if (rest >= 1) {
        wake(rest, checkHold);
        return;
      }
      end(lost("expired"));
      cancel();
    };

    const cancel = () => conn.send({ type: "cancel", id });

    // refused handles an error of the broker. A parent that is not found has ended while the
    // request was on its way.
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
        end((m.code === "not_found" && parent?.error()) || refusal(m));
      }
    };

    // end ends it, because of why or in order. Holders are stopped first.
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

    // It is withdrawn while it waits. A cancel ends it on the broker whether or not a grant is
    // on its way, so there is nothing to wait for.
    const forget = onAbort(signal, () => {
      stopWaiting();
      state = leaving;
      if (conn) cancel();
      else end();
      failed(signal.reason); // whatever it is, it need not be an error
    });

    const stopWaiting = () => {
      forget();
      requests.delete(request);
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
            locks: specs.map(({ name, mode, limit }) => ({
              name: escapeName(name),
              mode: mode === "shared" ? mode : undefined,
              limit,
            })),
            author: author ?? client.author,
            wait_ms: ifAvailable ? 0 : wait && Math.max(1, Math.ceil(left())),
            hold_ms: hold && backstop(hold, conn.timeout),
            parent: parent?.granted.id,
            steal: steal || undefined,
          });
        } catch (problem) {
          end(problem);
        }
      },

      // take handles what the broker says about it. It throws what makes no sense.
      take(m) {
        if (m.type === "granted") grant(m);
        else if (m.type === "error") refused(m);
        else if (m.type === "lost") end(lost(m.reason, undefined, m));
        else if (state < releasing) throw m.type; // released or cancelled
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
          if (conn.checkLease()) end(conn.lost()); // if that has not come to it yet
          else checkHold();
        }
        return loss.signal;
      },

      // release gives the locks back. The promise is settled when the broker has confirmed it,
      // with the error if they were not held until then.
      release: () =>
        (release ??= new Promise((freed, notFreed) => {
          if (state === ended) {
            notFreed(error);
            return;
          }
          wake(); // of its hold
          state = releasing;
          released = freed;
          failed = notFreed;
          conn.send({ type: "release", id });
        })),
    };

    requests.add(request);
    const { conn: current, offline } = client;
    if (client.error) end(client.error);
    else if (parent && !parent.isHolding()) end(parent.error() ?? exception("InvalidStateError", "the parent was released"));
    else if (!current && once) end(offline);
    else if (!current || (current.draining && canMove)) pend();
    else request.ask(current);
  });
