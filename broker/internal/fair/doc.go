// Package fair decides whose turn it is: deficit round robin over shares, and over the flows of
// each share.
//
// A flow is one connection that wants turns. A share is a group of flows that take turns as one:
// all connections of one identity, or of one address. All shares get the same amount of time, and
// each divides its time among its flows. So a client gains nothing by opening more connections.
//
// The cost of a turn is known only when the turn is over. It is then charged to the flow and to its
// share, whose credits may become debts. A flow may continue while its credit and its share's are
// positive. Each round pays the same [Quantum] to every share that waits, and to every flow of a
// share that waits. So a flow without debt, in a share without debt, gets a turn within one round.
// An expensive flow waits for as many rounds as it takes to pay its debt. A flow never waits if no
// other wants a turn.
//
// The algorithm is deficit round robin (Shreedhar and Varghese, "Efficient Fair Queueing Using
// Deficit Round Robin", 1995), except that a turn is charged afterwards, as in surplus round robin.
//
// Start with [Queue]. Nothing here may be used concurrently.
package fair
