// Package retry decides whether and when a client connects again. It uses no clock, no random numbers and no network:
// its functions depend on their arguments only.
package retry

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

const (
	// First bounds the pause before the first attempt to connect again.
	First = 100 * time.Millisecond
	// Soon bounds the pause before the first attempt if a lease is running out.
	Soon = 50 * time.Millisecond
	// Often bounds all pauses if a lease is running out. A session that is absent keeps others waiting, too.
	Often = 300 * time.Millisecond
	// Most bounds all pauses.
	Most = 5 * time.Second
	// Settled is how long a connection must last to end a series of failures. If it ends sooner, the pauses go on
	// growing.
	Settled = 10 * time.Second
)

// A Backoff computes the pause before the next attempt. The zero value begins with the shortest one.
//
// Pauses are random between nothing and a bound that doubles (full jitter), so that the clients of a broker that has
// restarted do not all come back at once. See Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog,
// 2015.
type Backoff struct{ attempts int }

// Next returns the pause after a connection that lasted that long; 0 stands for an attempt that failed. dice is a
// random number from 0 to 1.
func (b *Backoff) Next(lasted time.Duration, dice float64) time.Duration {
	return b.next(First, Most, lasted, dice)
}

// NextSoon is Next for a client whose locks count as held until its lease has run out, which lasts that long. The first
// pause is shorter, and several attempts fit into the lease.
func (b *Backoff) NextSoon(lease, lasted time.Duration, dice float64) time.Duration {
	return b.next(Soon, min(Often, lease/8), lasted, dice)
}

// next returns a pause whose bound begins with first, doubles with each attempt, and is never more than most.
func (b *Backoff) next(first, most, lasted time.Duration, dice float64) time.Duration {
	if lasted >= Settled {
		b.attempts = 0
	}
	bound := most
	if b.attempts < 16 { // with more, the shift would overflow
		bound = min(most, first<<b.attempts)
		b.attempts++
	}
	return time.Duration(dice * float64(bound))
}

// AttemptTime returns how long an attempt to connect may take while a lease is running out that lasts that long. So an
// address that does not answer leaves time for others. rounds is how many rounds of attempts have failed. The time
// doubles after every second one, so that a client that is far away from its broker gets through in the end.
//
// A tenth of the lease is short enough for a client that notices in the middle of its lease that its broker is frozen:
// see TestFrozenOwner of package wsclient.
func AttemptTime(lease time.Duration, rounds int) time.Duration {
	const most = 10 // more doublings than any lease needs
	return max(lease/10, time.Second) << min(rounds/2, most)
}

// IsFinalStatus reports whether a broker that refuses a connection with that HTTP status would refuse the next one,
// too. A status that is not in the table of the protocol may be temporary.
func IsFinalStatus(status int) bool {
	for _, row := range wire.HTTPStatuses() {
		if row.Code == status {
			return row.Retry == wire.RetryNever
		}
	}
	return false
}

// IsFinalClose reports whether a broker that closes a connection with that code would close the next one, too. A code
// that is not in the table of the protocol may be temporary.
//
// A close code of 1000 that the client has not caused does not come from the broker. It may come from a proxy, and
// says nothing about the next attempt.
func IsFinalClose(code int) bool {
	if code == wire.CloseNormal {
		return false
	}
	for _, row := range wire.CloseCodes() {
		if row.Code == code {
			return row.Retry == wire.RetryNever
		}
	}
	return false
}
