/**
 * One behaviour of Web Locks, in words, and what shows it. run gets an environment (see environment.js) and
 * fails by throwing.
 *
 * departs says how an implementation that the suite is proven on does not do as the specification says. There the
 * behaviour must fail, so that the mark is taken away when that is mended.
 */
export const behaviour = (name, run, departs) => ({ name, run, departs });
