// Package steady keeps a server accepting connections when the process or the machine runs out of something.
// [Listen] wraps a listener:
//
//   - If there is no free file descriptor, the listener gives up the spare one that it keeps, accepts a connection
//     with it, tells the client to try again later, closes the connection and takes the spare one again. Without
//     it, clients would wait in the queue of the system, and nobody would know why.
//   - The last few descriptors below the limit of the process are not for connections. The rest of the process may
//     need them, for example to save its state. A connection that gets one of them is refused in the same way.
//   - No other error ends the listener: it waits and tries again. accept(2) also reports errors of the network of
//     one client, and http.Server ends for most of them.
//
// A client gets HTTP 503 with Retry-After. If the connection begins with TLS, the listener can only close it.
//
// The listener cannot keep the rest of the process from taking the spare descriptor in the moment in which it is
// free. Then it waits until there is one again.
package steady
