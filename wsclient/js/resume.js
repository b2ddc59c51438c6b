// A client can take up its session on another connection: see broker/wire/PROTOCOL.md. Until then the session is
// absent. The connection that has left it keeps its requests, its lease and its secret. A page that only looks
// leaves this module out.

import { bytesOf } from "./names.js";
import { now } from "./clock.js";

const mostTried = 16; // secrets in a statement
const ends = [1002, 1003, 1009, 1012, 4403]; // the close codes that end a session

// createResume returns what a client needs to take up sessions. With kept, any end of a connection leaves its session,
// and not only a move of the broker.
export const createResume = (kept) => ({
  mode: kept ? "kept" : "moved",

  // leave reports whether the session of a connection that has ended without a goodbye can be taken up. If conn has
  // only stated an absent session, the broker may have taken it up, and have ended it with the code.
  leave(client, conn, reason, { code }) {
    const isEnd = ends.includes(code);
    if (conn.isReady && conn.secret && (reason === "moving" || (kept && !isEnd))) client.absent = conn;
    else if (conn.hasStated && isEnd) forsake(client);
    return client.absent === conn;
  },

  forsake,
  takeUp,
});

// forsake gives up the absent session: its locks are lost, and what waits may wait for the next connection.
const forsake = (client, reason = "connection") => {
  const { absent } = client;
  if (!absent) return;
  client.absent = undefined;
  if (client.error) absent.loss[1] = client.error;
  absent.lose(reason);
  absent.open.forEach((entry) => entry.fail?.(absent.loss[1]));
};

// takeUp takes up the absent session on conn. It calls start when conn has a session: the absent one or, if that is
// refused, a new one.
//
// If the lease of the absent session has ended, its holders may still be stopping. The statement would free their locks,
// so it waits until they must have stopped.
const takeUp = (client, conn, start) => {
  const { absent } = client;

  const refused = () => {
    conn.open.clear();
    forsake(client);
    start();
  };

  const state = () => {
    const { parts, stated } = toParts(absent, conn);
    const sent = now(client.clock);
    const receive = (m) => {
      if (m.type === "not_resumed") return refused();
      if (m.type !== "resumed") throw m.type; // the session may be taken up on another connection
      conn.open.clear();
      conn.answered(sent);
      absent.checkLease(); // no timer may have fired yet
      move(absent, conn, stated, m.held);
      forsake(client); // which ends what has not moved
      start();
    };
    conn.hasStated = true;
    for (const part of parts) conn.begin({ receive, end: refused }, part);
    absent.tried.push(conn.secret); // for the next statement, if there is no reply to this one
  };

  const left = absent.stopLeft?.();
  if (!conn.secret || absent.tried.length > mostTried) refused();
  else if (left > 0) conn.wake(left, state);
  else state();
};

// toParts returns the messages of a statement, and which requests it has: whether they wait, by number. A request that
// does not fit into a message is left out.
const toParts = ({ open, session, secret, tried }, { most, timeout }) => {
  const head = { type: "resume", session, secret, tried: tried[0] && tried };
  const whole = most - size({ ...head, held: [], waiting: [], more: true }) - 100; // for the id
  let part = { ...head };
  let room = whole;
  const parts = [part];
  const stated = new Map();
  for (const { n, statement } of open.values()) {
    const request = statement?.(timeout);
    const bytes = request && size(request) + 1;
    if (!(bytes <= whole)) continue;
    if (bytes > room) {
      part.more = true;
      parts.push((part = { ...head }));
      room = whole;
    }
    room -= bytes;
    (part[request.token ? "held" : "waiting"] ??= []).push(request);
    stated.set(n, !request.token);
  }
  return { parts, stated };
};

// size returns how many bytes a value has on the wire.
const size = (value) => bytesOf(JSON.stringify(value));

// move takes the session to conn, with the requests that go on. held has the numbers of those that still hold. The
// broker is told of those that have ended since they were stated. If the lease has ended meanwhile, that must wait until
// their holders have stopped, on this connection or before a statement on the next one.
const move = (absent, conn, stated, held) => {
  const goOn = new Set(held);
  for (const [n, waits] of stated) if (waits) goOn.add(n);
  Object.assign(conn, { session: absent.session, next: absent.next, stopLeft: absent.stopLeft });
  for (const [id, entry] of absent.open) {
    if (goOn.delete(entry.n)) {
      absent.open.delete(id);
      entry.move(conn);
    } else if (!stated.has(entry.n)) {
      entry.leftOut?.();
    }
  }
  const left = conn.stopLeft?.();
  const cancel = (isHeld) => {
    for (const n of goOn) if (!stated.get(n) === isHeld) conn.send({ type: "cancel", id: `${absent.session}--${n}` });
  };
  cancel(false);
  if (left > 0 && !conn.loss) conn.stopping(left, () => cancel(true));
  else cancel(true);
};
