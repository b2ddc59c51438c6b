package broker

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/lockbroker/lockbroker/broker/internal/metrics"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// queryBytes is how long the query of an upgrade may be. This is twice the longest label with each
// of its bytes written as %XX, so that other parameters fit too.
const queryBytes = 2 * 3 * wire.ClientLabelBytes

// An introduction is what a client says about itself in the query of its upgrade request, and what its
// credential says.
type introduction struct {
	label        string // tells people who the client is
	messagesOnly bool   // only messages are signs of life
	inspects     bool   // also connects to a broker that drains
	moves        bool   // can take up its session after the broker has moved
	keeps        bool   // can take up its session after any end of the connection

	kind     metrics.Client
	remote   string  // its address, as far as the broker can know it
	passedOn bool    // a standby passes it on
	rights   *rights // of its credential; nil: none was asked for
}

// kindOfClient tells clients apart for the metrics. A client may pretend to be of another kind, and nothing
// depends on it.
func kindOfClient(r *http.Request, messagesOnly bool) metrics.Client {
	program, _, _ := strings.Cut(r.UserAgent(), "/")
	switch {
	case r.Header.Get("Origin") != "":
		return metrics.Browser
	case messagesOnly:
		return metrics.JavaScript
	case program == "brokerctl":
		return metrics.Brokerctl
	case program == "lockbroker-go":
		return metrics.Go
	}
	return metrics.Other
}

// readQuery parses the introduction, or returns what is wrong with it. It ignores parameters that
// the broker does not know, even malformed ones: they may be meant for a proxy.
func readQuery(query string) (introduction, error) {
	if len(query) > queryBytes {
		return introduction{}, fmt.Errorf("the query is too long: want at most %d bytes", queryBytes)
	}
	label, _, err := parameter(query, "client")
	if err != nil {
		return introduction{}, err
	}
	if len(label) > wire.ClientLabelBytes || !utf8.ValidString(label) {
		return introduction{}, fmt.Errorf("client: want at most %d bytes of UTF-8", wire.ClientLabelBytes)
	}
	messagesOnly, err := option(query, "alive", wire.AliveMessage)
	if err != nil {
		return introduction{}, err
	}
	inspects, err := option(query, "draining", wire.DrainingAccept)
	if err != nil {
		return introduction{}, err
	}
	who := introduction{label: label, messagesOnly: messagesOnly, inspects: inspects}
	who.moves, who.keeps, err = readResume(query)
	return who, err
}

// readResume returns when the client can take up its session.
func readResume(query string) (moves, keeps bool, err error) {
	value, given, err := parameter(query, wire.ResumeParameter)
	switch {
	case err != nil || !given:
		return false, false, err
	case value == wire.ResumeMoved:
		return true, false, nil
	case value == wire.ResumeKept:
		return true, true, nil
	}
	return false, false, fmt.Errorf("%s: want %s or %s, or none",
		wire.ResumeParameter, wire.ResumeMoved, wire.ResumeKept)
}

// option reports whether a parameter is given. It has only one valid value.
func option(query, name, want string) (given bool, err error) {
	value, given, err := parameter(query, name)
	if err != nil {
		return false, err
	}
	if given && value != want {
		return false, fmt.Errorf("%s: want %s, or none", name, want)
	}
	return given, nil
}

// parameter returns the value of one parameter. url.ParseQuery would not do: it returns an error if
// any part of the query is malformed, and Get silently uses the first of several values.
func parameter(query, name string) (value string, given bool, err error) {
	for part := range strings.SplitSeq(query, "&") {
		key, text, _ := strings.Cut(part, "=")
		if key, err := url.QueryUnescape(key); err != nil || key != name {
			continue
		}
		if given {
			return "", true, fmt.Errorf("%s: given twice", name)
		}
		if value, err = url.QueryUnescape(text); err != nil {
			return "", true, fmt.Errorf("%s: %w", name, err)
		}
		given = true
	}
	return value, given, nil
}
