// The codes of the protocol: of errors, of closes, and the HTTP statuses that refuse an
// upgrade, of which a browser does not tell a page which it was. They are listed by whether
// the same request may succeed when it is made again. "later": on the same connection;
// "reconnect": on a new one; "never": not unless something is mended first. A test compares
// them with those of the broker.
export const codes = {
  never: "bad_request bad_id not_held not_found evicted forbidden 1000 1002 1003 1009 400 401 403 405 426",
  later: "unavailable not_granting timeout deadlock too_many 429 503",
  reconnect: "shutting_down 1006 1008 1012",
};

// retryOf is the word for a code; undefined for one that is not listed.
export const retryOf = (code) => Object.keys(codes).find((retry) => codes[retry].split(" ").includes(`${code}`));
