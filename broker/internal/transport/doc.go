// Package transport is the connection below the WebSocket. A [Conn] wraps the net.Conn of an
// upgraded HTTP request; a [Hijacker] makes it. A Conn does four things:
//
//   - It gathers many small writes into one, and reads ahead (conn.go).
//   - A read fails when the client is silent for too long, and a write when it makes no
//     progress (progress.go).
//   - It ends in a bounded time once it is told to hurry, and hears how the client ends its
//     side (linger.go).
//   - It records how TCP ended, from which [Conn.EndedBy] concludes who ended the connection
//     (tcpend.go, endedby.go).
//
// One goroutine at a time may read, and one may write, as with a websocket.Conn. Hurry, Ended,
// LastHeard and Close may be called concurrently. The package knows no locks and no sessions: it
// reports who ended a connection, and the broker decides what becomes of the locks.
package transport
