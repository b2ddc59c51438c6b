// Package fair decides whose turn it is: deficit round robin over shares, and over the
// flows of each share.
//
// A flow is one connection that has something to do. A share is everybody who is served
// as one: all connections of one identity, or of one address. Each share gets as much
// as any other, and divides it among its flows. So opening more connections buys nothing.
//
// What a turn costs is known when it is over. A flow whose credit is positive may go
// on; each turn is charged to the flow and to its share, whose credits may become debts. Each
// round pays everybody who waits the same [Quantum]. A flow that is never in debt has its turn within
// one round, and one that has cost much waits for as many rounds as it takes to pay. Nobody waits while nobody
// else wants a turn.
//
// The algorithm is that of Shreedhar and Varghese, "Efficient Fair Queueing Using Deficit
// Round Robin" (1995), except that it charges afterwards, as surplus round robin does.
//
// Start with [Queue]. Nothing here may be used concurrently.
package fair
