// Package transport implements the connection below the WebSocket. A [Conn] wraps the net.Conn of
// an upgraded HTTP request; a [Hijacker] creates it. A Conn does four things:
//
//   - It combines many small writes into one, and reads ahead (conn.go).
//   - It makes a read fail when the client is silent for too long, and a write when it makes no
//     progress (progress.go).
//   - Once told to hurry, it ends within a bounded time, and it notices how the client ends its
//     side (linger.go).
//   - It records how TCP ended, from which [Conn.EndedBy] infers who ended the connection
//     (tcpend.go, endedby.go).
//
// One goroutine at a time may read. Write, Hurry, Ended, LastHeard and Close may be called
// concurrently. The package has no notion of sessions or of the lock table: it reports who ended a
// connection and whether that frees locks, and the broker does the rest.
package transport
