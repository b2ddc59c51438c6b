package wsclient

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// A DialError says why there is no connection to the broker, what answered instead, and through which proxy.
// The errors of [Dial], and those that [Trace] reports, wrap it; use errors.As. It is ErrConnection. Text from
// the other side is cut after 256 bytes, and quoted if it is not printable.
type DialError struct {
	// Proxy is the host and port of the proxy that HTTP_PROXY or HTTPS_PROXY names for the address. It is the
	// name of that variable if its value is not a URL, and "" without a proxy.
	Proxy string
	// ProxyVariable is the environment variable that names the proxy, such as HTTPS_PROXY, or "".
	ProxyVariable string
	// Connected reports whether something accepted the connection: the proxy if there is one, otherwise
	// whatever listens at the address.
	Connected bool
	// Answered reports whether that sent anything.
	Answered bool
	// FromProxy reports whether the proxy itself answered, without connecting to the address.
	FromProxy bool
	// Status is the status code of an HTTP answer, or 0. Server is its Server header, or "". Location is
	// the target of a redirect, without the query, or "".
	Status           int
	Server, Location string
	// Said is the first line of the answer, or its title if it is a web page.
	Said string
	// Err is what went wrong.
	Err error

	proxyScheme string // of the URL of the proxy, or ""
}

// Error describes the failure in one line.
func (e *DialError) Error() string {
	switch {
	case e.Proxy != "" && !e.Connected:
		return fmt.Sprintf("the proxy %s cannot be used: %v", e.proxyName(), e.Err)
	case e.FromProxy:
		return fmt.Sprintf("the proxy %s: %s", e.proxyName(), e.answer())
	case e.Proxy != "":
		return fmt.Sprintf("%s (through the proxy %s)", e.answer(), e.proxyName())
	}
	return e.answer()
}

// proxyName returns the URL of the proxy without its secrets, and the variable that names it.
func (e *DialError) proxyName() string {
	name := e.Proxy
	if e.proxyScheme != "" {
		name = e.proxyScheme + "://" + name
	}
	if e.ProxyVariable != "" && e.ProxyVariable != name {
		name += " of " + e.ProxyVariable
	}
	return name
}

// answer says what the other side answered, or else what went wrong.
func (e *DialError) answer() string {
	if e.Status == 0 {
		text := printable.LogText(e.Err.Error())
		if e.Said != "" {
			text += ": " + quoted(e.Said)
		}
		return text
	}
	text := "answered with " + e.status()
	if e.Server != "" {
		text += " by " + e.Server
	}
	if e.Location != "" {
		text += ", to " + e.Location
	}
	if e.Said != "" {
		text += ": " + quoted(e.Said)
	}
	return text
}

func (e *DialError) status() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status)))
}

// quoted puts the result of LogText in quotation marks, unless it has them already.
func quoted(said string) string {
	if strings.HasPrefix(said, `"`) {
		return said
	}
	return `"` + said + `"`
}

// Unwrap returns Err.
func (e *DialError) Unwrap() error { return e.Err }

// Is makes errors.Is(err, ErrConnection), errors.Is(err, ErrShuttingDown) and the like work.
func (e *DialError) Is(target error) bool {
	if target == ErrConnection {
		return true
	}
	if e.FromProxy {
		return false
	}
	switch e.Status {
	case http.StatusServiceUnavailable:
		return target == ErrShuttingDown
	case http.StatusUnauthorized, http.StatusForbidden:
		return target == ErrForbidden
	case http.StatusTooManyRequests:
		return target == ErrTooMany
	}
	return false
}
