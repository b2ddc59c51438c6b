package wsclient

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A DialError says why there is no connection to the broker: what has answered instead, and through which proxy.
// [Dial] returns it, and OnState gets it, wrapped; use errors.As. What others have chosen in it is cut after 256
// bytes, and quoted where it is not printable.
type DialError struct {
	// Proxy is the proxy that the environment names for the address, in HTTP_PROXY or HTTPS_PROXY: its host and
	// port, or the variable where that holds no URL. "": none.
	Proxy string
	// Connected: something listens there; with a Proxy, that does.
	Connected bool
	// Answered: it has said something.
	Answered bool
	// FromProxy: the proxy itself gave the answer, and made no connection to the address.
	FromProxy bool
	// Status is that of an answer in HTTP, and Server its header of that name. Location is where it leads to,
	// without a query. 0 and "": none.
	Status           int
	Server, Location string
	// Said is the first line, or the title, of what was said.
	Said string
	// Err is what went wrong.
	Err error
}

// Error says all of it in one line.
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

// answer says what the other side has done, or else what went wrong.
func (e *DialError) answer() string {
	if e.Status == 0 {
		text := wire.LogText(e.Err.Error())
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

// quoted is what LogText has made, in quotation marks, unless it has some.
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
