package wsclient

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// A DialError says why there is no connection to the broker: what answered instead, and through which proxy.
// [Dial] returns it, and OnState gets it, wrapped; use errors.As. Text that comes from the other side is cut after 256
// bytes, and quoted if it is not printable.
type DialError struct {
	// Proxy is the host and port of the proxy that HTTP_PROXY or HTTPS_PROXY names for the address. It is the
	// name of that variable if its value is not a URL, and "" without a proxy.
	Proxy string
	// Connected reports whether something listens at the address, or, with a Proxy, whether the proxy does.
	Connected bool
	// Answered reports whether it has sent anything.
	Answered bool
	// FromProxy reports whether the proxy itself answered, and made no connection to the address.
	FromProxy bool
	// Status is the status of an answer in HTTP, or 0. Server is its header of that name, or "". Location is
	// where a redirection leads, without the query, or "".
	Status           int
	Server, Location string
	// Said is the first line of the answer, or the title of a page.
	Said string
	// Err is what went wrong.
	Err error
}

// Error returns all of it in one line.
func (e *DialError) Error() string {
	switch {
	case e.Proxy != "" && !e.Connected:
		return fmt.Sprintf("the proxy %s cannot be used: %v", e.Proxy, e.Err)
	case e.FromProxy:
		return fmt.Sprintf("the proxy %s: %s", e.Proxy, e.answer())
	case e.Proxy != "":
		return fmt.Sprintf("%s (through the proxy %s)", e.answer(), e.Proxy)
	}
	return e.answer()
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

// Is makes errors.Is(err, ErrShuttingDown) and the like work.
func (e *DialError) Is(target error) bool {
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
