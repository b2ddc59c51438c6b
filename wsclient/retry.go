package wsclient

import (
	"errors"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// What the client decides about connections. These are functions of what they are
// given: no clock, no dice, no network.

const (
	// retryFirst and retryMost bound the first pause, and every pause, before an
	// attempt to connect.
	retryFirst = 100 * time.Millisecond
	retryMost  = 5 * time.Second
	// settled is how long a connection lasts that was not a failed attempt: after
	// one that ends sooner, pauses go on growing.
	settled = 10 * time.Second
)

// A backoff says how long to pause before the next attempt. The zero value
// begins with the shortest.
//
// Pauses are random between nothing and a bound that doubles (full jitter), so that
// clients whose broker has restarted do not come all at once. See Marc Brooker,
// "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
type backoff struct{ attempts int }

// next is the pause after a connection that has lasted so long, 0 for an attempt
// that failed. Dice is from 0 to 1.
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

// isFinal reports whether another attempt after one that ended so, or a
// connection that ended so, would be in vain, as the tables of the protocol say.
// What is in no table may be over later.
//
// A close with 1000 that this side has not asked for is not the broker's; it may
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

// asksAgain reports whether a request that was refused with that code is to be
// made again on the next connection.
func asksAgain(code wire.Code) bool {
	for _, row := range wire.ErrorCodes() {
		if row.Code == code {
			return row.Retry == wire.RetryReconnect
		}
	}
	return false
}
