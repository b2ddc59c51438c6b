package broker

import (
	"net/http"
	"slices"
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Several lines of a header are one list, and elements of a list may be empty (RFC 9110, 5.3 and
// 5.6.1). The WebSocket library reads only the first line of Sec-WebSocket-Protocol, and stops at
// an empty element. So this file reads these headers, and gives the library the result.

// listOf returns the elements of a header that is a list, from all its lines.
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

// asksFor reports whether token is in the list, in upper or lower case.
func asksFor(h http.Header, name, token string) bool {
	isToken := func(element string) bool { return strings.EqualFold(element, token) }
	return slices.ContainsFunc(listOf(h, name), isToken)
}

// isUpgrade reports whether a request asks for a WebSocket.
func isUpgrade(h http.Header) bool {
	return asksFor(h, "Connection", "upgrade") && asksFor(h, "Upgrade", "websocket")
}

// offersUs reports whether a client offers our subprotocol, or offers none: then it speaks ours,
// too.
func offersUs(h http.Header) bool {
	offered := listOf(h, "Sec-Websocket-Protocol")
	return len(offered) == 0 || slices.Contains(offered, wire.Subprotocol)
}

// repeated returns the name of a header that may occur only once (RFC 6455, 11.3) and occurs more
// than once, or "". Nobody can know which of the values the client means.
func repeated(h http.Header) string {
	switch {
	case len(h["Sec-Websocket-Key"]) > 1:
		return "Sec-WebSocket-Key"
	case len(listOf(h, "Sec-Websocket-Version")) > 1:
		return "Sec-WebSocket-Version"
	}
	return ""
}

// plainly returns a request that was checked, with one line for each list, as the library can read
// it.
func plainly(r *http.Request) *http.Request {
	plain := *r // a handler must not change its request
	plain.Header = r.Header.Clone()
	plain.Header["Connection"], plain.Header["Upgrade"] = []string{"Upgrade"}, []string{"websocket"}
	if offered := listOf(r.Header, "Sec-Websocket-Protocol"); offered != nil {
		plain.Header["Sec-Websocket-Protocol"] = []string{wire.Subprotocol}
	}
	return &plain
}
