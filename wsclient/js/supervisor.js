import { ConnectionError, invalidState, noConnection, withDetails } from "./errors.js";
import { attemptTime, backoff, isFinal } from "./retry.js";
import { connect } from "./connection.js";
import { onAbort } from "./signal.js";
import { toProtocols } from "./token.js";
import { timer } from "./clock.js";

const gone = "the page is gone"; // or the frame was removed from its page

// supervise keeps one connection at a time, and reconnects when it has ended. It returns the
// client, which is the state that its parts share. If the first attempt to connect to each of urls fails, the client
// ends, unless waitForBroker is true. An abort of signal ends the client until it is connected. token is undefined, or
// returns a promise for a token. resume takes up sessions, if it is not undefined: see resume.js.
export const supervise = (urls, author, clock, WebSocket, waitForBroker, signal, token, resume) => {
  if (!WebSocket) throw new ConnectionError("no WebSocket: use the package ws, or node --experimental-websocket");
  if (globalThis.document?.defaultView === null) throw invalidState(gone);
  const pause = backoff(urls.length);
  const retry = timer(clock); // ends the pause before the next attempt
  let latest; // the current connection, even before its hello
  let willRetry = waitForBroker;
  let unauthorized = 0; // answers of 401 since the last connection
  let failures = 0; // attempts that have failed, and brokers that fell silent; the next attempt goes to another URL
  let before = 0; // failures before those since the last connection
  let goodbye; // a promise that is settled when the last connection has been closed
  let resolveClosed, resolveOnline;

  const client = {
    author,
    clock,
    resume,
    token,
    closed: new Promise((resolve) => (resolveClosed = resolve)), // resolves to error
    // conn is the connection after its hello, or after it has taken up a session. absent is the latest connection before
    // it, if that has left its session to be taken up. online is a promise for it. offline is the error that
    // says why there is none. error says why the client has ended. emit tells the program when a connection
    // begins or ends.

    // Requests that wait, watches, and promises that callers have. Each has end(error) for the end of
    // the client. Requests and watches have submit(conn) for each new connection.
    pending: new Set(),
    silent: new Set(), // functions that hang up connections that are open in silence

    // close ends the client. The promise is settled when nothing of it is left. The caller no
    // longer holds anything, so the silent connections can be hung up.
    async close(why = "client was closed") {
      end(invalidState(why), "closed");
      for (const hangUp of client.silent) hangUp();
      return goodbye;
    },
  };

  const expectConnection = () => {
    client.online = new Promise((resolve) => (resolveOnline = resolve));
  };

  const connected = (conn) => {
    willRetry = true;
    unauthorized = 0;
    ignoreSignal();
    client.conn = conn;
    for (const entry of client.pending) entry.submit?.(conn);
    resolveOnline(conn);
    client.emit?.("connected");
  };

  // disconnected handles the end of a connection or of an attempt, which lasted for that many
  // milliseconds. Once the client is offline it calls tell, which ends the requests of the
  // connection. isSilent says that the broker did not answer a ping.
  const disconnected = (error, lasted, tell, isSilent) => {
    const wasOnline = client.conn;
    if (wasOnline) expectConnection();
    latest = client.conn = null;
    client.offline = error;
    tell();
    if (isSilent || !wasOnline) failures++;
    if (wasOnline) {
      before = failures;
      client.emit?.("disconnected", { error });
    }
    if ((!willRetry && failures >= urls.length) || (isFinal(error) && !mayHaveExpired(error))) end(error);
    if (!client.error) retry(pause(lasted, clock.Math.random(), client.absent?.timeout), attemptConnection);
  };

  // mayHaveExpired reports whether the broker has refused a token, for the first time. It may have expired on its way,
  // and the next attempt asks for a new one.
  const mayHaveExpired = ({ status }) => token && status === 401 && !unauthorized++;

  // url returns where the next attempt goes to.
  const url = () => urls[failures % urls.length];

  const attemptConnection = () => {
    if (latest || client.error) return;
    retry();
    if (!token) {
      open("lockbroker.v1");
      return;
    }
    latest = { close() {} }; // until there is a token
    token().then(
      (text) => client.error || open(toProtocols(text)),
      (cause) => disconnected(noConnection(url(), false, `no token: ${cause?.message ?? cause}`, cause), 0, () => {}),
    );
  };

  const open = (protocols) => {
    try {
      const wait = attemptTime(client.absent?.timeout, (failures - before) / urls.length);
      latest = connect(client, WebSocket, url(), protocols, wait, connected, disconnected);
    } catch (cause) {
      const why = cause.name === "SecurityError" ? "an https page must use wss: " : "";
      end(noConnection(url(), false, why + cause.message, cause)); // which would happen again
    }
  };

  // giveUp ends the client because its caller no longer waits for the broker.
  const giveUp = () => {
    end(withDetails(client.offline ?? noConnection(url(), false, "no answer"), { cause: signal.reason }));
  };

  const ignoreSignal = onAbort(signal, giveUp);

  // wake reconnects at once when the network is back, or when the page is no longer hidden. While a
  // page is hidden its timers are slow, so the lease may have ended.
  const wake = ({ type }) => {
    if (type !== "online" && document.hidden) return;
    (client.conn ?? client.absent)?.checkLease();
    attemptConnection();
  };

  // freeze releases everything before the page is frozen, or is put into the back/forward cache. No
  // code runs then. Waiting requests are resubmitted when the page resumes. A page that is not
  // cached, such as a removed frame, never resumes, and would not notice the end of its connection.
  const freeze = ({ type, persisted }) => {
    if (type === "freeze" || persisted) {
      client.conn?.freeze();
    } else {
      client.close(gone);
      goodbye = undefined;
    }
  };

  // Some of these events are the document's, but the window captures them all.
  const listeners = { online: wake, visibilitychange: wake, pagehide: freeze, freeze };
  const listen = (how) => {
    for (const type in listeners) globalThis[how]?.(type, listeners[type], true);
  };

  // end ends the client for good, once. reason is why the locks of an absent session are lost.
  const end = (error, reason) => {
    if (client.error) return;
    client.error = error;
    retry();
    ignoreSignal();
    listen("removeEventListener");
    resume?.forsake(client, reason);
    goodbye = latest?.close(error);
    for (const entry of client.pending) entry.end(error);
    resolveClosed(error);
  };

  listen("addEventListener");
  expectConnection();
  attemptConnection();
  return client;
};
