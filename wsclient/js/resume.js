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
  leave(client, conn, { code }) {
    const isEnd = ends.includes(code);
    if (conn.isReady && conn.secret && (conn.moves || (kept && !isEnd))) client.absent = conn;
    else if (conn.next && isEnd) forsake(client);
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
// so it waits until they must have stopped. So it does for holders whose requests do not fit into it, which lose their
// locks now.
const takeUp = (client, conn, start) => {
  const { absent } = client;
  const { tried } = absent;

  const begin = () => {
    forsake(client); // which ends what has not moved
    start();
  };

  const state = () => {
    const sent = now(client.clock);
    // Any of the secrets may be the right one now. If there are too many, the second is left out: a broker that hangs
    // while it changes its record has the session's own or the first on record, and the latest in memory. After two
    // session timeouts, no broker that works still keeps the session.
    const isFull = tried[mostTried] && tried.splice(1, 1);
    if (!conn.secret || (isFull && sent.mono - absent.since > 2 * absent.timeout)) return begin();
    const { parts, stated } = toParts(absent, conn, sent.mono);
    const left = absent.stopBy - sent.mono;
    if (left > 0) return conn.loss || conn.wake(left, state);
    const receive = ({ type, held }) => {
      if (!/resumed/.test(type)) throw type; // the session may be taken up on another connection
      conn.open.clear();
      if (type === "resumed") {
        conn.answered(sent);
        absent.checkLease(); // no timer may have fired yet
        if (conn.loss) return; // a holder has closed the client
        move(client, conn, stated, held);
      }
      begin();
    };
    for (const part of parts) conn.begin({ receive, end: begin }, part);
    absent.since ??= sent.mono;
    tried.push(conn.secret); // for the next statement, if there is no reply to this one
  };

  state();
};

// toParts returns the messages of a statement, and which requests it has: whether they wait, by number. A request that
// does not fit into a message is left out. If it holds, it loses its locks, and the statement must wait for its holder.
const toParts = (absent, { most, timeout }, at) => {
  const { open, session, secret, tried } = absent;
  const head = { type: "resume", session, secret, tried: tried[0] && tried };
  const whole = most - size(head) - 150; // for the id, and what else a part may have
  const parts = [];
  let part, room;
  const begin = () => {
    parts.push((part = { ...head }));
    room = whole;
  };
  begin();
  const stated = new Map();
  for (const entry of open.values()) {
    const request = entry.statement?.(timeout);
    if (!request) continue;
    const bytes = size(request) + 1;
    if (bytes > whole) {
      if (request.token) {
        absent.stopBy = at + absent.timeout / 3;
        entry.lose();
      }
      continue;
    }
    if (bytes > room) {
      part.more = true;
      begin();
    }
    room -= bytes;
    (part[request.token ? "held" : "waiting"] ??= []).push(request);
    stated.set(entry.n, !request.token);
  }
  return { parts, stated };
};

// size returns how many bytes a value has on the wire.
const size = (value) => bytesOf(JSON.stringify(value));

// move takes the session to conn, with the requests that go on. held has the numbers of those that still hold. The
// broker is told of those that have ended since they were stated. If holders may be stopping, that must wait, on this
// connection or before a statement on the next one.
const move = (client, conn, stated, held) => {
  const { next, open, session, stopBy } = client.absent;
  const goOn = new Set(held);
  for (const [n, waits] of stated) if (waits) goOn.add(n);
  Object.assign(conn, { session, next, stopBy });
  for (const [id, entry] of open) {
    if (goOn.delete(entry.n)) {
      open.delete(id);
      entry.move(conn);
    } else if (!stated.has(entry.n)) {
      entry.leftOut?.();
    }
  }
  const cancel = () => {
    for (const n of goOn) conn.send({ type: "cancel", id: `${session}--${n}` });
  };
  const left = stopBy - now(client.clock).mono;
  if (left > 0) conn.stopped(left, cancel);
  else cancel();
};
