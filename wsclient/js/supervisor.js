import { ConnectionError, exception } from "./errors.js";
import { backoff, isFinal } from "./retry.js";
import { connection } from "./connection.js";
import { timer } from "./clock.js";

// supervise keeps one connection at a time, and makes another when that has ended. It returns
// what the parts of the client share.
export function supervise(url, author, clock, WebSocket) {
  if (!WebSocket) {
    throw new ConnectionError("no WebSocket: pass that of the package ws, or run node --experimental-websocket");
  }
  const pause = backoff();
  const retry = timer(clock); // ends the pause before the next attempt
  let attempt; // the connection without a hello
  let isNew = true; // there has not been a connection
  let waiting = []; // those who wait for a connection
  let goodbye; // the promise of a connection that is being closed
  let settle;

  const client = {
    author,
    clock,
    closed: new Promise((resolve) => (settle = resolve)), // with error
    // Later on also conn, the connection, once the broker has said hello; offline, why there
    // is none; and error, why the client has ended for good.
    parting: new Set(), // hang up connections that have ended here, and are still open
    requests: new Set(), // those that wait, in the order in which they were made
    watches: new Set(), // those that begin anew on each connection

    // connected asks on conn, which has begun, for all that waits.
    connected(conn) {
      isNew = false;
      attempt = undefined;
      client.conn = conn;
      for (const request of client.requests) request.ask(conn);
      for (const watch of client.watches) watch.begin(conn);
      tellWaiting();
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

    // ready waits for a connection.
    async ready() {
      if (client.error) throw client.error;
      return client.conn ?? new Promise((resolve) => waiting.push(resolve));
    },

    // close ends the client. The promise is settled when nothing of it is left.
    async close() {
      finish(exception("InvalidStateError", "the client was closed"));
      for (const hangUp of client.parting) hangUp(); // who calls this holds nothing any more
      await goodbye;
    },
  };

  // connect makes an attempt, where there is no connection and none is being made.
  const connect = () => {
    if (client.conn || attempt || client.error) return;
    retry();
    try {
      attempt = connection(client, WebSocket, url);
    } catch (error) {
      client.ended(error, 0);
    }
  };

  const tellWaiting = () => {
    for (const resolve of waiting.splice(0)) resolve(client.ready());
  };

  // The browser says that the network is back, or that somebody looks at the page again,
  // whose timers were slow: then there may be a connection, or none any more.
  const wake = ({ type }) => {
    if (type !== "online" && document.hidden) return;
    client.conn?.checkLease();
    connect();
  };

  // It says that the page is left, or is to be frozen. It may then keep it for the way back,
  // and answer the pings of the broker, while nothing here runs any more: so this lets go of
  // everything. What waits is asked for again when the page goes on.
  const rest = () => client.conn?.rest();

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
    goodbye = (client.conn ?? attempt)?.close(error);
    for (const request of client.requests) request.fail(error);
    for (const watch of client.watches) watch.end(error);
    tellWaiting();
    settle(error);
  };

  listen("addEventListener");
  connect();
  return client;
}
