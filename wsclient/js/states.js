// The states of a request.

export const waiting = 0;
export const holding = 1;
export const releasing = 2;
export const leaving = 3; // a cancel is on its way
export const ended = 4;
