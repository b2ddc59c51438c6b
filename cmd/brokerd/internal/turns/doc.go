// Package turns keeps connections that are not sessions yet from taking the processors from the sessions. [New] makes
// the turns, [Turns.Listen] wraps a listener below TLS, and [Follow] tells which connections have become sessions.
//
// A TLS handshake costs the server most of a millisecond of arithmetic, and costs a stranger nothing: the first message
// of TLS can be sent again and again. If hundreds of handshakes are ready to run, the goroutines of the sessions must
// wait for all of them, because the Go scheduler gives each the same time. And while there is always something to run,
// Go looks at the network only every 10 ms.
//
// So a connection that has received something waits for its turn. There is one turn for every two processors. It ends
// when the connection sends its answer, reads again or is closed, and in any case after 2 ms. After half a millisecond
// of use, a turn rests for a millisecond at least, so that others run and Go looks at the network.
//
// Sessions take no turns. The package does not choose among the connections that wait: a flood makes new clients wait,
// too.
package turns
