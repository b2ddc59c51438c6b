// The tables of the protocol: whether the same request may succeed when it is made
// again. "later": on the same connection; "reconnect": on a new one; "never": not unless
// something is mended first. A test compares them with those of the broker.

const [never, later, reconnect] = ["never", "later", "reconnect"];

export const errorCodes = {
  bad_request: never,
  bad_id: never,
  not_held: never,
  not_found: never,
  unavailable: later,
  timeout: later,
  deadlock: later,
  evicted: never,
  forbidden: never,
  too_many: later,
  shutting_down: reconnect,
};

export const closeCodes = {
  1000: never,
  1002: never,
  1003: never,
  1006: reconnect,
  1008: reconnect,
  1009: never,
  1012: reconnect,
};

// Those that refuse an upgrade. A browser does not tell a page which it was.
export const httpStatuses = {
  400: never,
  401: never,
  403: never,
  405: never,
  426: never,
  429: later,
  503: later,
};
