// The codes of the protocol: error codes, close codes, and the HTTP statuses that refuse an
// upgrade. They are listed by whether the same request may succeed later. "later": on the same
// connection. "reconnect": on a new connection. "never": not until something is changed. A test
// compares this table with the broker's.
export const codes = {
  never: "bad_request bad_id not_held not_found evicted forbidden 1000 1002 1003 1009 400 401 403 405 426",
  later: "unavailable not_granting timeout deadlock too_many 429 503",
  reconnect: "shutting_down 1006 1008 1012 4401 4403",
};

// retryOf returns the word under which code is listed, or undefined.
export const retryOf = (code) => Object.keys(codes).find((retry) => codes[retry].split(" ").includes(`${code}`));
