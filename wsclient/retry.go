package wsclient

import (
	"errors"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// This file decides whether and when the client connects again. Its functions use no clock, no random numbers and no
// network: they depend on their arguments only.

const (
	// Before each attempt to connect there is a pause. retryFirst bounds the first one, and retryMost all of
	// them.
	retryFirst = 100 * time.Millisecond
	retryMost  = 5 * time.Second
	// settled is how long a connection must last to end a series of failures. If it ends sooner, the pauses go on
	// growing.
	settled = 10 * time.Second
)

// A backoff computes the pause before the next attempt. The zero value begins with the shortest one.
//
// Pauses are random between nothing and a bound that doubles (full jitter), so that the clients of a broker that has
// restarted do not all come back at once. See Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog,
// 2015.
type backoff struct{ attempts int }

// next returns the pause after a connection that lasted that long; 0 stands for an attempt that failed. dice is a
// random number from 0 to 1.
func (b *backoff) next(lasted time.Duration, dice float64) time.Duration {
	if lasted >= settled {
		b.attempts = 0
	}
	bound := retryMost
	if b.attempts < 16 { // with more, the shift would overflow
		bound = min(retryMost, retryFirst<<b.attempts)
		b.attempts++
	}
	return time.Duration(dice * float64(bound))
}

// isFinal reports whether another attempt would fail, too, according to the tables of the protocol. err is why the
// last attempt or connection has ended. If it is in none of the tables, it may be temporary.
//
// A close code of 1000 that the client has not caused does not come from the broker. It may come from a proxy, and
// says nothing about the next attempt.
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
