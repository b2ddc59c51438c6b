import { ConnectionError, exception } from "./errors.js";
import { backoff, isFinal } from "./retry.js";
import { connection } from "./connection.js";
import { timer } from "./clock.js";

const gone = "the page is gone"; // or was a frame that was removed

// supervise keeps one connection at a time, and makes another when that has ended. It returns
// what the parts of the client share.
export function supervise(url, author, clock, WebSocket) {
  if (!WebSocket) {
    throw new ConnectionError("no WebSocket: pass that of the package ws, or run node --experimental-websocket");
  }
  if (globalThis.document?.defaultView === null) throw exception("InvalidStateError", gone);
  const pause = backoff();
  const retry = timer(clock); // ends the pause before the next attempt
  let attempt; // the connection without a hello
  let isNew = true; // there has not been a connection
  const waiting = []; // those who wait for a connection
  let goodbye = Promise.resolve(); // that of a connection that is being closed
  let settle;

  const client = {
    author,
    clock,
    closed: new Promise((resolve) => (settle = resolve)), // with error
    // Later on also conn, the connection, once the broker has said hello; offline, why there
    // is none; and error, why the client has ended for good.
    parting: new Set(), // hang up connections that have ended here, and are still open
    pending: new Set(), // reject what is to be rejected when the client ends
    requests: new Set(), // those that wait, in the order in which they were made
    watches: new Set(), // those that begin anew on each connection

    // connected asks on conn, which has begun, for all that waits.
    connected(conn) {
      isNew = false;
      attempt = undefined;
      client.conn = conn;
      for (const request of client.requests) request.ask(conn);
      for (const watch of client.watches) watch.begin(conn);
      for (const resolve of waiting.splice(0)) resolve(conn);
    },

    // ended goes on after a connection, or an attempt, that has lasted so long and ended
    // because of error. Once that is noted it calls tell, for the rest to know.
    ended(error, lasted, tell) {
      attempt = client.conn = undefined;
      client.offline = error;
      tell?.();
      if (isNew || isFinal(error)) finish(error);
      if (!client.error) retry(pause(lasted, clock.Math.random()), connect);
    },

    // ready waits for a connection. If none comes any more, whoever waits is in pending, too.
    ready: async () => client.conn ?? new Promise((resolve) => waiting.push(resolve)),

    // close ends the client. The promise is settled when nothing of it is left.
    close(why = "the client was closed") {
      finish(exception("InvalidStateError", why));
      for (const hangUp of client.parting) hangUp(); // who calls this holds nothing any more
      return goodbye;
    },
  };

  // connect makes an attempt, where there is no connection and none is being made.
  const connect = () => {
    if (client.conn || attempt || client.error) return;
    retry();
    try {
      attempt = connection(client, WebSocket, url);
    } catch (cause) {
      const why = cause.name === "SecurityError" ? "a page of https must use wss" : "no connection";
      client.ended(new ConnectionError(`${why}: ${cause.message}`, { cause }), 0);
    }
  };

  // The browser says that the network is back, or that somebody looks at the page again,
  // whose timers were slow: then there may be a connection, or none any more.
  const wake = ({ type }) => {
    if (type !== "online" && document.hidden) return;
    client.conn?.checkLease();
    connect();
  };

  // It says that the page is to be frozen, or is left and may be kept for the way back. Nothing
  // here runs then: so this lets go of everything. What waits is asked for again when the
  // page goes on. A page that is not kept, such as a frame that is removed, never does, and
  // nobody would hear of the end of its connection.
  const rest = ({ type, persisted }) => {
    if (type === "freeze" || persisted) {
      client.conn?.rest();
    } else {
      client.close(gone);
      goodbye = Promise.resolve();
    }
  };

  const listen = (how) => {
    const { document, [how]: onWindow } = globalThis;
    onWindow?.("online", wake);
    onWindow?.("pagehide", rest);
    document?.[how]("visibilitychange", wake);
    document?.[how]("freeze", rest);
  };

  // finish ends the client for good, once.
  const finish = (error) => {
    if (client.error) return;
    client.error = error;
    retry();
    listen("removeEventListener");
    goodbye = (client.conn ?? attempt)?.close(error) ?? goodbye;
    for (const reject of client.pending) reject(error);
    for (const request of client.requests) request.fail(error);
    for (const watch of client.watches) watch.end(error);
    settle(error);
  };

  listen("addEventListener");
  connect();
  return client;
}
