// Package faultproxy is a TCP proxy whose network fails on command. Clients connect to the proxy instead of the
// broker, and the test that runs the proxy decides what happens to their bytes.
//
//	proxy, err := faultproxy.Listen("127.0.0.1:27002")
//	...
//	defer proxy.Close()
//	client, err := wsclient.Dial(ctx, "ws://"+proxy.Addr(), nil)
//	...
//	proxy.Set(faultproxy.Client, faultproxy.Faults{Hold: true}) // the client hears nothing more
//	proxy.Heal()                                                // what was held arrives
//
// Start with [Listen], [Proxy.Set] and [Proxy.Reset]. [Proxy.Conns] gives access to single connections. All methods
// may be called concurrently.
//
// # What can fail
//
//   - A network outage: with Hold, bytes wait in the proxy or in front of it, and arrive later, as TCP retransmits
//     them.
//   - A half-open connection: with Swallow, bytes disappear for good, and so does the end of the connection. Both
//     sides stay open.
//   - One direction only: each direction has faults of its own. A direction is named by the side to which bytes flow.
//   - Delay, and a side that reads slowly: Delay and Rate.
//   - A cut: [Conn.Reset] sends a RST to one side or to both, and [Conn.CloseWrite] sends a FIN. The other side learns
//     nothing from a Reset.
//   - No new connections: [Proxy.Refuse].
//
// # What the proxy never does by itself
//
// Without a command, the proxy ends the connection to one side only after the other side has ended its own. This
// matters because the broker takes a FIN or RST as the word of the client's kernel. A test decides whether the
// broker sees one that the client has not sent.
//
// # What it cannot do
//
// The kernel acknowledges bytes on behalf of the proxy. So neither side sees its own retransmissions fail, and a slow
// side is noticed only when the buffers of the kernel are full. Packets are neither reordered nor duplicated, which
// TCP would hide anyway.
package faultproxy
