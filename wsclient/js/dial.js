import { settle } from "./settle.js";
import { supervise } from "./supervisor.js";
import { toSource } from "./token.js";
import { expect, toDOMString, toSignal, toText } from "./options.js";

// dial connects to a broker, and resolves to a new Manager once the broker has said hello. Manager is LockManager or
// Inspector. resume is from resume.js, or undefined.
export const dial = (
  Manager,
  url,
  {
    author, clock = globalThis, label = defaultLabel(), signal, token, waitForBroker, WebSocket = globalThis.WebSocket,
  } = {},
  resume,
) =>
  settle(
    () =>
      supervise(
        toTargets(url, toText(label), resume), toText(author), clock, WebSocket, waitForBroker, toSignal(signal),
        toSource(token, clock), resume,
      ),
    async (client) => {
      await client.online;
      return new Manager(client);
    },
  );

// toTargets returns the addresses of the WebSockets of a URL, a list of URLs, or URLs separated by commas. A comma is
// part of a URL unless the next URL follows it.
const toTargets = (url, label, resume) => {
  const all = [url].flat().flatMap((text) => toDOMString(text).split(/,\s*(?=\w+:\/\/)/));
  expect(all.length, "a URL");
  return all.map((text) => toTarget(text, label, resume));
};

// toTarget returns the address of the WebSocket, with a label for people and alive=message. A browser
// answers the broker's pings for a page that hangs, and for a worker that is frozen with its page.
// alive=message asks the broker to count only messages, on which the lease of this client rests in any
// case. The caller's query is kept as it is. A client that inspects a broker that drains has no session to take up.
const toTarget = (url, label, resume) => {
  let target;
  try {
    target = new URL(toText(url));
    target.protocol = target.protocol.replace(/^http/, "ws");
  } catch {} // the platform's own error would show the URL, which may hold a secret
  const isUsable = /^wss?:$/.test(target?.protocol) && !(target.username || target.password || target.hash);
  expect(isUsable, "a ws or http URL without a user, a password or a #");
  target.hash = ""; // drops a # at the end
  if (target.pathname.endsWith("/")) target.pathname += "ws";
  const query = target.searchParams;
  const mode = resume && !query.has("draining") ? `&resume=${resume.mode}` : "";
  const labelled = query.has("client") ? "" : `&client=${encodeURIComponent(label)}`;
  target.search += `${target.search && "&"}alive=message${mode}${labelled}`;
  return target.href;
};

// defaultLabel returns the host of the page, or the program and its process id, if the platform has
// such things. The broker allows 256 bytes.
const defaultLabel = () => {
  const { location, process: { argv, pid, title } = {} } = globalThis;
  const program = argv?.[1] ?? title; // node -e has no file
  return (location?.host || [program, pid].filter(Boolean).join(":")).slice(-80);
};
