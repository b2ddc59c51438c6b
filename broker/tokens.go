package broker

import (
	"fmt"

	"github.com/lockbroker/lockbroker/broker/internal/fence"
)

// ErrNoTokens is returned by [Broker.Run] once the last fencing token, 2^53-1, has been given out
// and the broker has drained. At a million grants a second, the tokens last 285 years.
var ErrNoTokens = fence.ErrNoTokens

// openTokens opens the source of fencing tokens that config asks for.
func openTokens(config Config) (fence.Source, error) {
	if config.StateDir == "" {
		return fence.FromClock(), nil
	}
	source, err := fence.Open(config.StateDir, config.Timeout)
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	return source, nil
}

// keepTokens reserves more tokens when that is due, and updates the grant status.
func (l *loop) keepTokens() {
	l.reserve()
	l.updateGrants()
}

// reserve begins a reservation of tokens when that is due.
func (l *loop) reserve() {
	if r, wants := l.core.WantsTokens(l.now()); wants {
		l.supply.Reserve(r)
	}
}

// tokensReserved tells the core that a reservation has ended: the tokens below limit are reserved. limit
// is 0 if the supply has given up.
func (l *loop) tokensReserved(limit int64) {
	if limit > 0 {
		l.reservations++
	}
	l.core.TokensReserved(limit)
	l.retryUnrecorded()
}

// allow lets the requests that waited for tokens be granted, slice by slice.
func (l *loop) allow() {
	events := l.core.Allow(l.now(), l.events[:0])
	l.updateGrants() // before anybody hears of a grant
	l.deliver(events)
}
