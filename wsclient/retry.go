package wsclient

import (
	"errors"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// When and whether the client connects again. These functions depend on their arguments only: they use no
// clock, no random numbers and no network.

const (
	// retryFirst and retryMost bound the first pause, and every pause, before an
	// attempt to connect.
	retryFirst = 100 * time.Millisecond
	retryMost  = 5 * time.Second
	// settled is how long a connection must last to end a series of failures. After
	// one that ends sooner, the pauses go on growing.
	settled = 10 * time.Second
)

// A backoff returns how long to pause before the next attempt. The zero value
// begins with the shortest pause.
//
// Pauses are random between nothing and a bound that doubles (full jitter), so that
// clients whose broker has restarted do not come all at once. See Marc Brooker,
// "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
type backoff struct{ attempts int }

// next returns the pause after a connection that has lasted that long, 0 for an attempt
// that failed. dice is a random number from 0 to 1.
func (b *backoff) next(lasted time.Duration, dice float64) time.Duration {
	if lasted >= settled {
		b.attempts = 0
	}
	bound := retryMost
	if b.attempts < 16 { // beyond, the shift would overflow
		bound = min(retryMost, retryFirst<<b.attempts)
		b.attempts++
	}
	return time.Duration(dice * float64(bound))
}

// isFinal reports whether the tables of the protocol say that another attempt would fail, too, after an attempt or
// a connection that has ended with err. An error that is in no table may not come again.
//
// A close with 1000 that the client has not caused is not the broker's. It may
// come from something in between, which says nothing about the next attempt.
func isFinal(err error) bool {
	if refused := new(DialError); errors.As(err, &refused) && refused.Status != 0 && !refused.FromProxy {
		for _, row := range wire.HTTPStatuses() {
			if row.Code == refused.Status {
				return row.Retry == wire.RetryNever
			}
		}
	}
	if closed := new(websocket.CloseError); errors.As(err, &closed) && closed.Code != wire.CloseNormal {
		for _, row := range wire.CloseCodes() {
			if row.Code == closed.Code {
				return row.Retry == wire.RetryNever
			}
		}
	}
	return false
}
