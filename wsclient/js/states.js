// The states of a request, in their order.

export const waiting = 0;
export const holding = 1;
export const releasing = 2; // a release is on its way
export const cancelling = 3; // a cancel is on its way
export const ended = 4;
