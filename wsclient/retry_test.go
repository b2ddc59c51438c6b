package wsclient

import (
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Pauses are random, up to a bound that doubles until it is five seconds.
func TestBackoff(t *testing.T) {
	for _, dice := range []float64{0, 0.5, 1} {
		var b backoff
		for _, bound := range []time.Duration{100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000} {
			want := time.Duration(dice * float64(bound*time.Millisecond))
			if got := b.next(0, dice); got != want {
				t.Errorf("dice %v: got %v, want %v", dice, got, want)
			}
		}
		for range 100 {
			b.next(0, dice)
		}
		if got, want := b.next(0, dice), time.Duration(dice*float64(retryMost)); got != want {
			t.Errorf("dice %v, after many: got %v, want %v", dice, got, want)
		}
	}
}

// A connection that ends at once counts as a failed attempt. After one that has lasted, the pauses begin again with
// the shortest.
func TestBackoffBeginsAgain(t *testing.T) {
	var b backoff
	for range 5 {
		b.next(0, 1)
	}
	if got, want := b.next(settled-1, 1), 3200*time.Millisecond; got != want {
		t.Errorf("after a short connection: got %v, want %v", got, want)
	}
	if got := b.next(settled, 1); got != retryFirst {
		t.Errorf("after one that lasted: got %v, want %v", got, retryFirst)
	}
}

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
