import { ConnectionError, lost, refusal, withDetails } from "./errors.js";
import { later, leaseLeft, silence } from "./lease.js";
import { now, timer } from "./clock.js";
import { parse } from "./names.js";

// What a broker may say after the hello, of something that is open, which says what it means.
const known = /^(granted|released|cancelled|lost|error|info|why|evicted|pong|watching|change|lagged|unwatched)$/;

// Browsers do not tell a page why there is none.
const unsaid = "no connection: no broker there, it refuses this page, or Chrome has 255 WebSockets open";

// connection makes one WebSocket, and follows it to its end. It calls client.connected when
// the broker has said hello, and client.ended when it has ended.
export function connection(client, WebSocket, url) {
  const helloWait = 10_000; // ms in which a broker has to say hello
  const closeWait = 2_000; // and to answer a close
  const { clock, parting } = client;
  const made = now(clock);
  // What is open, by id: requests, watches and questions. Each has take(message); and
  // fail(error), for the end of the connection.
  const open = new Map();
  // For the hello; for the next ping; for the end of the silence, or of a close.
  const wake = timer(clock);
  // For the end of the lease. It has a timer of its own, which only a message sets: those of
  // pings that are not answered are nested in one another.
  const watchdog = timer(clock);
  let next = 0; // the n of the next id
  let over; // the error with which it has ended
  let closed = () => {}; // called when the WebSocket has closed
  let heard = made; // when the latest message was sent that has been answered
  let pingDue; // on the monotonic clock
  // Said by the hello. Until then there is no lease that could end.
  let session, most, heartbeat;
  let timeout = Infinity;

  // send throws if the message is too big for the broker, which would close the connection.
  // Once that has ended it is silent.
  const send = (message) => {
    if (over) return;
    const frame = JSON.stringify(message);
    if (frame.length * 3 > most && new TextEncoder().encode(frame).length > most) {
      throw new RangeError(`want a request of at most ${most} bytes`);
    }
    ws.send(frame);
  };

  // begin opens an id for entry, and sends the message with it.
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

  // ask sends a message and waits for its reply.
  const ask = (message) =>
    new Promise((resolve, reject) => {
      if (over) throw over; // since who asks has got it
      const take = (m) => {
        open.delete(m.id);
        if (m.type === "error") reject(refusal(m));
        else resolve(m);
      };
      begin({ take, fail: reject }, message);
    });

  // receive takes one frame. What cannot be understood ends the connection: it might have
  // been about a lock.
  const receive = (data) => {
    if (checkLease()) return;
    try {
      if (typeof data !== "string") throw "binary";
      const m = parse(data);
      if (/hello|pong|info|why/.test(m.type)) conn.pause = m.not_granting;
      if (!session) greet(m, data);
      else if (m.type === "draining") conn.draining = true;
      else if (!known.test(m.type) || !m.id) throw data; // an error without an id: it could not read a message
      else open.get(m.id)?.take(m);
    } catch (problem) {
      abandon(`the broker is not understood: ${problem}`);
    }
  };

  // greet takes the hello. The lease begins when the WebSocket was made: the request for
  // it was sent after that, and the hello answers it.
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

  // arm sets the timers, for the next ping and the end of the lease. It is called from a
  // message, so that they are nested in nothing.
  const arm = () => {
    const at = now(clock);
    wake(pingDue - at.mono, ping);
    watchdog(leaseLeft(timeout, heard, at), checkLease);
  };

  // ping asks for a sign of life, which prolongs the lease from now.
  const ping = () => {
    if (checkLease()) return;
    const sent = now(clock);
    const pong = () => {
      heard = later(sent, heard);
      arm();
    };
    ask({ type: "ping" }).then(pong, () => {});
    pingDue = sent.mono + heartbeat;
    wake(heartbeat, ping);
  };

  // checkLease ends the connection if the lease has ended, and reports whether it has ended.
  const checkLease = () => {
    if (!over && leaseLeft(timeout, heard, now(clock)) < 1) {
      end("lease", new ConnectionError("the broker does not answer"), part);
    }
    return over;
  };

  // fail ends it because of what the network or the broker has told: the other side knows.
  const fail = (message, code, status) => {
    if (checkLease()) return; // one that was frozen may hear of both
    end("connection", withDetails(new ConnectionError(message), { code, status }), cut);
  };

  // abandon ends it because of something of which the other side knows nothing.
  const abandon = (message) => end("connection", new ConnectionError(message), part);

  // end ends what is open on it, once. What is held counts as lost from here on, before
  // the broker is told anything by leave, the latest first. What waits, waits for the next
  // connection, if it can.
  const end = (reason, error, leave) => {
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
      if (held.length > 0 || reason === "closed") leave();
      else cut();
    });
  };

  // part leaves a connection open, in silence, on which something was held: if it were
  // closed the broker would notice at once, and give the locks to others while who held
  // them may only just have been told to stop. When the broker must have ended the session
  // by itself, it is closed. Whatever answers pings below is no sign of life to the broker.
  const part = () => {
    if (client.error) {
      cut(); // a holder has closed the client, when told
      return;
    }
    wake(silence(timeout, heard, now(clock)), hangUp);
    parting.add(hangUp);
    closed = () => parting.delete(hangUp);
  };

  // hangUp closes what part has left open, or what the broker has not closed.
  const hangUp = () => {
    hasClosed();
    cut();
  };

  const hasClosed = () => {
    wake();
    closed();
  };

  // leave says goodbye: nothing is held any more. Nobody else gives that reason, so the broker
  // takes no other close frame for it.
  const leave = () => ws.close(1000, "goodbye");

  // cut ends it without waiting for an answer, where the WebSocket can do that.
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
    close: (error) =>
      new Promise((resolve) => {
        closed = resolve;
        end("closed", error, () => {
          wake(closeWait, hangUp);
          leave();
        });
      }),
  };

  const ws = new WebSocket(url, "lockbroker.v1");
  ws.onmessage = ({ data }) => receive(data);
  ws.onclose = ({ code, reason }) => {
    hasClosed();
    fail(`the connection was closed: ${code} ${reason}`, code);
  };
  // Where it cannot connect, the WebSocket of Node 20 says this and nothing else.
  ws.onerror = ({ message }) => {
    if (!session) hasClosed();
    // The HTTP status of a refusal is told by the package ws alone, in words.
    const silent = session ? "the connection broke" : unsaid;
    fail(message || silent, 1006, Number(/server response: (\d{3})/.exec(message)?.[1]) || undefined);
  };
  wake(helloWait, () => abandon("no hello in time"));
  return conn;
}
