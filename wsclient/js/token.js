import { expect } from "./options.js";
import { timer } from "./clock.js";

// How long what is left of a credential must be, in milliseconds. All else about its renewal is in connection.js.
export const soon = 5000; // with less at the start of a connection, it is renewed at once
export const minRenewal = 1000; // between two renewals

// toSource returns a function that asks the program for a token, for at most 10 s. Errors do not show the token.
export const toSource = (token, clock) => {
  expect(!token || typeof token === "function", "token: a function");
  return (
    token &&
    (() =>
      new Promise((resolve, reject) => {
        const late = timer(clock);
        const settled = (f) => (value) => {
          late();
          f(value);
        };
        late(10_000, () => reject(new Error("no answer in time")));
        (async () => {
          const text = await token();
          expect(typeof text === "string" && /^[!-~]{1,12288}$/.test(text), "token: printable ASCII without spaces, at most 12 KiB");
          return text;
        })().then(settled(resolve), settled(reject));
      }))
  );
};

// toProtocols returns the subprotocols that offer a token. Pages cannot set headers.
export const toProtocols = (token) => {
  const base64url = btoa(token).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return ["lockbroker.v1", `lockbroker.bearer.${base64url}`];
};
