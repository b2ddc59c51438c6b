// Package fair decides whose turn it is: deficit round robin over shares, and over the flows of
// each share.
//
// A flow is one connection that wants turns. A share is the flows that are served as one: all
// connections of one identity, or of one address. Every share gets the same time, and divides it
// among its flows. So opening more connections gains nothing.
//
// The cost of a turn is known when the turn is over. It is charged to the flow and to its share,
// whose credits may become debts. A flow may go on while its credit is positive. Each round pays
// the same [Quantum] to everyone who waits. So a flow without debt has its turn within one round. A
// flow that has cost much waits as many rounds as its debt takes. A flow never waits if no other
// wants a turn.
//
// The algorithm is deficit round robin (Shreedhar and Varghese, "Efficient Fair Queueing Using
// Deficit Round Robin", 1995), except that it charges afterwards, as surplus round robin does.
//
// Start with [Queue]. Nothing here may be used concurrently.
package fair
