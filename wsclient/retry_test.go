package wsclient

import (
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A client ends for good only after an answer for which the protocol's tables say so.
func TestIsFinal(t *testing.T) {
	final := map[error]bool{
		errors.New("connection refused"):                          false,
		&net.DNSError{Err: "no such host"}:                        false,
		&DialError{Status: 502}:                                   false, // in no table: a proxy
		fmt.Errorf("read: %w", &websocket.CloseError{Code: 1001}): false,
		// not ours, and so from a proxy
		fmt.Errorf("read: %w", &websocket.CloseError{Code: wire.CloseNormal}): false,
		fmt.Errorf("%w: the broker has not answered for 10s", ErrConnection):  false,
		&DialError{Status: 403, FromProxy: true}:                              false,
		fmt.Errorf("dial: %w", fmt.Errorf("x: %w", &DialError{Status: 401})):  true,
	}
	for _, row := range wire.HTTPStatuses() {
		final[&DialError{Status: row.Code}] = row.Retry == wire.RetryNever
	}
	for _, row := range wire.CloseCodes() {
		if row.Code != wire.CloseNormal {
			final[&websocket.CloseError{Code: row.Code}] = row.Retry == wire.RetryNever
		}
	}
	for err, want := range final {
		if got := isFinal(err); got != want {
			t.Errorf("%v: got %t, want %t", err, got, want)
		}
	}
}
