package broker

import (
	"net/http"
	"slices"
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// If a header has several lines, they form one list, and elements of a list may be empty (RFC 9110,
// sections 5.3 and 5.6.1). The WebSocket library reads only the first line of
// Sec-WebSocket-Protocol, and stops at an empty element. So this file parses these headers, and
// passes the result to the library.

// listOf returns the elements of a list header, from all its lines.
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

// asksFor reports whether the list contains token, ignoring case.
func asksFor(h http.Header, name, token string) bool {
	isToken := func(element string) bool { return strings.EqualFold(element, token) }
	return slices.ContainsFunc(listOf(h, name), isToken)
}

// isUpgrade reports whether a request asks for a WebSocket connection.
func isUpgrade(h http.Header) bool {
	return asksFor(h, "Connection", "upgrade") && asksFor(h, "Upgrade", "websocket")
}

// offersUs reports whether a client offers our subprotocol or none at all. A client that offers
// none is assumed to speak ours.
func offersUs(h http.Header) bool {
	offered := listOf(h, "Sec-Websocket-Protocol")
	return len(offered) == 0 || slices.Contains(offered, wire.Subprotocol)
}

// repeated returns the name of a header that may occur only once (RFC 6455, section 11.3) but
// occurs more often, or "" if there is none. Nobody can know which of the values the client meant.
func repeated(h http.Header) string {
	switch {
	case len(h["Sec-Websocket-Key"]) > 1:
		return "Sec-WebSocket-Key"
	case len(listOf(h, "Sec-Websocket-Version")) > 1:
		return "Sec-WebSocket-Version"
	}
	return ""
}

// plainly returns a copy of a checked request that has one line for each list header, so that the
// library can read it.
func plainly(r *http.Request) *http.Request {
	plain := *r // a handler must not change its request
	plain.Header = r.Header.Clone()
	plain.Header["Connection"], plain.Header["Upgrade"] = []string{"Upgrade"}, []string{"websocket"}
	if offered := listOf(r.Header, "Sec-Websocket-Protocol"); offered != nil {
		plain.Header["Sec-Websocket-Protocol"] = []string{wire.Subprotocol}
	}
	return &plain
}
