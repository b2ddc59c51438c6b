/**
 * One behaviour of Web Locks: its name, in words, and the function that tests it. run gets an environment (see
 * environment.js), and fails by throwing.
 *
 * departs says how Chromium's lock manager departs from the specification. There the behaviour must
 * fail, so that the mark is removed once Chromium is fixed.
 */
export const behaviour = (name, run, departs) => ({ name, run, departs });
