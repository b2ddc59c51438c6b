import { loss, noConnection, refusal } from "./errors.js";
import { later, leaseLeft, silenceLeft } from "./lease.js";
import { now, timer } from "./clock.js";
import { bytesOf, parse } from "./names.js";
import { backoff } from "./retry.js";
import { minRenewal, soon } from "./token.js";

// The types of all messages that a broker may send after its hello with the id of a request, a watch
// or a question.
const known = /^(granted|released|cancelled|lost|error|info|why|clients|evicted|pong|authenticated|whoami|watching|change|lagged|unwatched|(not_)?resumed)$/;

const noAnswer = "the broker does not answer";

// connect makes one WebSocket, and follows the connection to its end. It calls connected after the broker's hello,
// and after it has taken up an absent session if there is one. It calls ended at the end.
//
// A connection may leave its session to be taken up on another one: see resume.js. Then its locks stay held
// after its end, and its lease goes on.
//
// The broker must say hello within answerWait milliseconds, and answer the statement of an absent session.
export const connect = (client, WebSocket, url, protocols, answerWait, connected, ended) => {
  const closeWait = 2_000; // ms until it must have answered a close
  const { clock, silent } = client;
  const made = now(clock);
  // The requests, watches and questions of this connection, by id. Each has receive(message), and
  // end(error) if it could not be sent. Requests have lose(), and requests and questions fail(error), for
  // the end of the connection.
  const open = new Map();
  // The requests that were released quietly, and not confirmed yet, in the order of their releases: by id, the n of the
  // next id at that time. If such a request is held, the broker sends no answer. But it handles messages in order. So a
  // reply about a request that was sent later confirms the release. If there is none, a cancel that follows the next
  // ping is answered with not_found. Replies to other messages do not count, because some overtake others.
  const quiet = new Map();
  const wake = timer(clock); // for the first answers, for the next ping, and then for hangUp
  // The end of the lease has its own timer, which is set only when a message arrives. The timers of
  // unanswered pings are nested, and may fire late.
  const watchdog = timer(clock);
  const renewal = timer(clock); // for the next renewal of the credential
  const stopped = timer(clock); // for when holders must have stopped that lost their locks before the session came here
  const pause = backoff(); // between renewals that fail
  let expiry; // of the credential, on the monotonic clock
  let over; // the error with which the connection has ended
  let isLost = false; // whether its locks are lost
  let closed; // called when the WebSocket has closed
  let heard = made; // when the latest message was sent that has been answered
  let pingDue; // on the monotonic clock
  let asked = 0; // when the first ping was sent since the latest message arrived, on the monotonic clock; 0: none was
  // These are from the hello. Until then there is no lease that could end.
  let heartbeat;
  let timeout = Infinity;

  // send sends a message, unless the connection has ended. For a message that is too big the broker
  // would close the connection. So send ends its entry instead.
  const send = (message, entry) => {
    if (over) return;
    const frame = JSON.stringify(message);
    if (bytesOf(frame) > conn.most) {
      open.delete(message.id);
      entry.end(new RangeError(`request over ${conn.most} bytes`));
    } else {
      ws.send(frame);
    }
  };

  // begin opens an id for entry, notes its n there, and sends the message with that id.
  const begin = (entry, message) => {
    const n = (entry.n = conn.next++);
    const id = `${conn.session}--${n}`;
    open.set(id, entry);
    send({ ...message, id }, entry);
    return id;
  };

  // confirm ends the requests that were released quietly before the id with that n was used.
  const confirm = (n) => {
    for (const [id, following] of quiet) {
      if (following > n) return;
      open.get(id).end();
    }
  };

  // ask sends a message, and returns a promise for its answer.
  const ask = (message) =>
    new Promise((resolve, reject) => {
      if (over) throw over; // it ended after the caller got it
      const receive = (m) => {
        open.delete(m.id);
        if (m.type === "error") reject(refusal(m));
        else resolve(m);
      };
      begin({ receive, fail: reject, end: reject }, message);
    });

  // receive handles one frame. A frame that it cannot understand ends the connection, because it
  // might be about a lock.
  const receive = (data) => {
    if (checkLease() || over) return;
    asked = 0;
    try {
      if (typeof data !== "string") throw "binary";
      const m = parse(data);
      if (/hello|pong|info|why/.test(m.type)) conn.notGranting = m.not_granting;
      if (!conn.session) greet(m, data);
      else if (m.type === "draining") conn.draining = true;
      else if ((conn.moves = m.type === "moving" && conn.secret)) end("connection", failure("the broker moves"), terminate);
      else if (!known.test(m.type) || !m.id) throw data; // without an id: the broker could not read a frame
      else (open.get(m.id) ?? client.absent?.open.get(m.id))?.receive(m); // a lost may come before resumed
    } catch (problem) {
      abandon(`the broker sent a bad frame: ${problem}`.slice(0, 200));
    }
  };

  // greet handles the hello. The lease begins when the WebSocket was made, because the hello answers
  // a request that was sent after that.
  const greet = (m, data) => {
    ({ heartbeat_ms: heartbeat, limits: { message_bytes: conn.most } } = m);
    conn.timeout = timeout = m.timeout_ms;
    if (m.type !== "hello" || m.protocol !== 1 || !(timeout > 0 && heartbeat > 0 && conn.most > 0)) throw data;
    if (checkLease()) return; // the hello came too late
    conn.session = m.session;
    conn.secret = m.secret;
    conn.owner = m.owner && { url: m.owner, term: m.term };
    pingDue = made.mono + heartbeat;
    arm();
    const start = () => {
      if (over) return;
      conn.isReady = true;
      arm();
      expect(m.expires_ms, m.expires_ms < soon ? 0 : (m.expires_ms * 2) / 3);
      connected(conn);
    };
    if (client.absent) client.resume.takeUp(client, conn, start);
    else start();
  };

  // expect sets the timer for the renewal of a credential that expires after left milliseconds, or never.
  const expect = (left, wait) => {
    expiry = now(clock).mono + left;
    if (client.token && left >= 0) renewal(wait, renew);
  };

  // renew sends a new token. If that fails, the old credential stays in force until it expires.
  const renew = async () => {
    try {
      const { expires_ms: left } = await ask({ type: "auth", token: await client.token() });
      expect(left, Math.max((left * 2) / 3, minRenewal));
    } catch (error) {
      if (over) return;
      client.emit?.("renewalfailed", { error });
      renewal(Math.max((expiry - now(clock).mono) / 10, pause(0, clock.Math.random())), renew);
    }
  };

  // arm sets the timers for the next ping and for the end of the lease. It is called from a message,
  // so that these timers are not nested. There are no pings before an absent session has been taken up.
  const arm = () => {
    if (isLost) return;
    const at = now(clock);
    if (conn.isReady && !over) wake(pingDue - at.mono, ping);
    watchdog(leaseLeft(timeout, heard, at), checkLease);
  };

  // ping sends a ping. Its pong extends the lease, counted from now. If nothing has arrived for a sixth of the session
  // timeout after a ping, a session that is kept is taken up on another connection, while most of the lease is left. If
  // this ping is late, the process was frozen, and may not have read yet what has arrived meanwhile.
  const ping = () => {
    if (checkLease()) return;
    const sent = now(clock);
    const isSilent = asked && sent.mono - asked > timeout / 6 - 2 && sent.mono < pingDue + 100;
    if (isSilent && conn.secret && client.resume?.mode === "kept") return abandon(noAnswer);
    asked ||= sent.mono;
    ask({ type: "ping" }).then(() => conn.answered(sent), () => {});
    const [id] = [...quiet.keys()].slice(-1);
    if (id) send({ type: "cancel", id });
    pingDue = sent.mono + heartbeat;
    wake(heartbeat, ping);
  };

  // checkLease ends the connection if its lease has ended, or loses the locks that have outlived the connection. It
  // reports whether the locks of the connection are lost.
  const checkLease = () => {
    if (!isLost && leaseLeft(timeout, heard, now(clock)) < 2) {
      if (over) lose("lease");
      else end("lease", failure(noAnswer), fallSilent);
    }
    return isLost;
  };

  // disconnected ends the connection because the network or the broker has ended it. If the process
  // was frozen, the lease may have ended before that.
  const disconnected = (why, code, cause) => {
    if (checkLease()) return;
    asked = 0; // it is not because the broker was silent
    // Only the package ws reports the HTTP status of a refusal, in words.
    const status = Number(/response: (\d+)/.exec(why)?.[1]) || undefined;
    // Browsers do not say why they cannot connect, nor does Node 24.
    const guess = "no broker there, it refuses, TLS fails, or Chrome has 255 WebSockets open";
    end("connection", failure(why || (conn.session ? "" : guess), cause, { code, status }), terminate);
  };

  // abandon ends the connection for a reason that the broker does not know of.
  const abandon = (why) => end("connection", failure(why), fallSilent);

  const failure = (why, ...more) => noConnection(url, conn.session, why, ...more);

  // end ends, once, everything that is open on the connection, except for what the session keeps. Locks are lost
  // before leave tells the broker anything. Requests that wait may wait for the next connection.
  const end = (reason, error, leave) => {
    if (over) return;
    over = error;
    wake();
    renewal();
    stopped();
    conn.loss = [reason, error];
    ended(error, conn.session ? now(clock).mono - made.mono : 0, () => {
      let mustLeave = /closed|frozen/.test(reason); // with a goodbye, which ends the session
      const isKept = !mustLeave && client.resume?.leave(client, conn, error);
      if (!isKept || reason === "lease") mustLeave = lose(reason) || mustLeave;
      open.forEach((entry) => entry.fail?.(error, isKept));
      if (mustLeave) leave();
      else terminate();
    }, asked);
  };

  // lose ends everything that holds, the latest first. It reports whether there was anything, or a holder may still be
  // stopping that lost its lock before the session came here.
  const lose = (reason) => {
    isLost = true;
    watchdog();
    conn.loss[0] = reason;
    const hadLocks = [...open.values()].reverse().filter((entry) => entry.lose?.()).length > 0;
    if (hadLocks && reason === "lease") conn.stopBy = heard.mono + (timeout * 10) / 11;
    return hadLocks || conn.stopBy > now(clock).mono;
  };

  // fallSilent leaves a connection open on which locks were held. If it were closed, the broker would
  // notice at once, and grant the locks to others while their holders are still stopping. The
  // connection is hung up once the broker must have ended the session by itself. Until then the
  // WebSocket may answer pings, but the broker counts only messages.
  const fallSilent = () => {
    if (client.error) {
      terminate(); // a holder has closed the client when it lost its lock
    } else {
      wake(silenceLeft(timeout, heard, now(clock)), hangUp);
      silent.add(hangUp);
      closed = () => silent.delete(hangUp);
    }
  };

  // hangUp ends a connection that is open in silence, or on which the broker has not answered a close.
  const hangUp = () => {
    hasClosed();
    terminate();
  };

  const hasClosed = () => {
    wake();
    closed?.();
  };

  // sayGoodbye tells the broker that nothing is held. No library sends this reason by itself.
  const sayGoodbye = () => ws.close(1000, "goodbye");

  // terminate closes the WebSocket without waiting for an answer, if it can.
  const terminate = () => (ws.terminate ?? ws.close).call(ws);

  const conn = {
    ask,
    begin,
    checkLease,
    confirm,
    lose,
    open,
    quiet,
    send,
    stopped,
    wake,
    next: 0, // the n of the next id
    tried: [], // the secrets of later hellos after which the client has tried to take up the session

    // answered extends the lease, because the broker has answered a message that was sent at that time.
    answered(sent) {
      heard = later(sent, heard);
      arm();
    },

    // freeze ends the connection with a goodbye. The client reconnects when the page resumes.
    freeze() {
      end("frozen", failure("the page was frozen"), sayGoodbye);
    },

    // close ends the connection for good. The promise is settled when the broker has answered, or
    // after closeWait.
    close: (error) =>
      new Promise((resolve) => {
        closed = resolve;
        end("closed", error, () => {
          wake(closeWait, hangUp);
          sayGoodbye();
        });
      }),
  };

  const ws = new WebSocket(url, protocols);
  ws.onmessage = ({ data }) => receive(data);
  ws.onclose = ({ code, reason }) => {
    hasClosed();
    disconnected(reason, code);
  };
  // If it cannot connect, the WebSocket of Node 20 sends this event and no other.
  ws.onerror = ({ message, error }) => {
    if (!conn.session) hasClosed();
    // If a name such as localhost has several addresses, Node has an error for each, and no message.
    const why = message || error?.errors?.map((e) => e.message).join(", ");
    disconnected(why, 1006, why && error);
  };
  wake(answerWait, () => abandon(noAnswer));
  return conn;
};
