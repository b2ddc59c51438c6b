package broker

import (
	"net/http"
	"slices"
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Several lines of a header are one list, and elements of a list may be empty (RFC 9110, 5.3 and 5.6.1). The
// WebSocket library looks at the first line of Sec-WebSocket-Protocol only, and gives up on a list at an empty
// element. So these headers are read here, and the library gets what was read.

// listOf returns the elements of a header that is a list, of all its lines.
func listOf(h http.Header, name string) []string {
	var all []string
	for _, line := range h[name] {
		for element := range strings.SplitSeq(line, ",") {
			if element = strings.Trim(element, " \t"); element != "" {
				all = append(all, element)
			}
		}
	}
	return all
}

// asksFor reports whether an element of the list is token, in any case.
func asksFor(h http.Header, name, token string) bool {
	return slices.ContainsFunc(listOf(h, name), func(element string) bool { return strings.EqualFold(element, token) })
}

// isUpgrade reports whether a request asks for a WebSocket.
func isUpgrade(h http.Header) bool {
	return asksFor(h, "Connection", "upgrade") && asksFor(h, "Upgrade", "websocket")
}

// offersUs reports whether a client that offers subprotocols offers ours. One that offers none speaks it, too.
func offersUs(h http.Header) bool {
	offered := listOf(h, "Sec-Websocket-Protocol")
	return len(offered) == 0 || slices.Contains(offered, wire.Subprotocol)
}

// repeated returns a header that a handshake may have only once (RFC 6455, 11.3) and this one has several times,
// or "". Nobody can know which of the values the client means.
func repeated(h http.Header) string {
	switch {
	case len(h["Sec-Websocket-Key"]) > 1:
		return "Sec-WebSocket-Key"
	case len(listOf(h, "Sec-Websocket-Version")) > 1:
		return "Sec-WebSocket-Version"
	}
	return ""
}

// plainly returns a request that was checked in a form that the library can read: with one line for each list.
func plainly(r *http.Request) *http.Request {
	plain := *r // a handler must not change its request
	plain.Header = r.Header.Clone()
	plain.Header["Connection"], plain.Header["Upgrade"] = []string{"Upgrade"}, []string{"websocket"}
	if offered := listOf(r.Header, "Sec-Websocket-Protocol"); offered != nil {
		plain.Header["Sec-Websocket-Protocol"] = []string{wire.Subprotocol}
	}
	return &plain
}
