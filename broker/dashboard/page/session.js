import { connect } from "../inspector.js";

const kept = "lockbroker.token"; // in sessionStorage, which ends with the tab
const pause = 1000; // ms between attempts to make the first connection

// createSession keeps a connection to the broker. Its state is "connecting", "login", "connected" or "gone".
export const createSession = (onState) => {
  let token = readToken();
  let known; // the principal, as text
  let openings = 0;

  const session = {
    state: "connecting",
    since: Date.now(), // of the state
    sinceMono: performance.now(),
    reason: "", // for the state, if there is one
    locks: undefined, // the LockManager, once there was a connection
    principal: undefined, // what whoami has said
    heard: -Infinity, // when an answer arrived on the connection, as performance.now()

    // headers are for requests over HTTP.
    get headers() {
      return token ? { Authorization: `Bearer ${token}` } : {};
    },

    get hasToken() {
      return Boolean(token);
    },

    // login connects with a token, and keeps it until the tab is closed if keep is true. Otherwise only this page has it.
    login(text, keep) {
      token = text;
      writeToken(keep ? text : "");
      open();
    },

    // refresh asks what this client may do, which an operator can change at any time.
    async refresh() {
      if (session.state !== "connected") return;
      try {
        const principal = await session.locks.whoami();
        session.heard = performance.now();
        const { expires_ms: left, ...lasting } = principal;
        if (JSON.stringify(lasting) === known) return;
        known = JSON.stringify(lasting);
        session.principal = principal;
        onState();
      } catch {} // the connection has ended again
    },

    // unauthorized is called when the broker has refused a request over HTTP. Browsers hide why a connection is refused.
    unauthorized() {
      if (session.state !== "gone") return;
      session.locks?.close();
      mustLogin({ code: 4401, message: session.reason });
    },

    logout() {
      token = "";
      writeToken("");
      session.locks?.close();
      session.locks = undefined;
      location.reload(); // nothing of what was seen is left
    },
  };

  const set = (state, reason = "") => {
    if (session.state !== state) Object.assign(session, { since: Date.now(), sinceMono: performance.now() });
    Object.assign(session, { state, reason });
    onState();
  };

  const open = async () => {
    set("connecting");
    const url = new URL("ws?draining=accept", document.baseURI);
    const mine = ++openings; // a later call ends this one
    while (session.state !== "login" && mine === openings) {
      try {
        const locks = await connect(url.href, { label: "dashboard", token: token && (() => token) });
        follow(locks);
        return;
      } catch (error) {
        if (!mustLogin(error)) {
          set("gone", error.message);
          await new Promise((resolve) => setTimeout(resolve, pause));
        }
      }
    }
  };

  const follow = (locks) => {
    session.locks = locks;
    connected();
    locks.addEventListener("connected", connected);
    locks.addEventListener("disconnected", ({ error }) => {
      if (mustLogin(error)) locks.close();
      else set("gone", error.message);
    });
    locks.closed.then(() => {
      if (session.locks === locks && session.state === "gone") open();
    });
  };

  const connected = () => {
    set("connected");
    session.refresh();
  };

  // mustLogin asks for a token if the broker has refused, or no longer accepts, the credential.
  const mustLogin = ({ code, message }) => {
    if (code !== 4401 && (code !== 4403 || !token)) return false;
    writeToken("");
    set("login", token ? message : "");
    token = "";
    session.principal = known = undefined;
    return true;
  };

  open();
  return session;
};

// A browser may forbid a page to store anything.
const readToken = () => {
  try {
    return sessionStorage.getItem(kept) ?? "";
  } catch {
    return "";
  }
};

const writeToken = (token) => {
  try {
    if (token) sessionStorage.setItem(kept, token);
    else sessionStorage.removeItem(kept);
  } catch {}
};
