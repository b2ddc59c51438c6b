package broker

import (
	"fmt"

	"github.com/lockbroker/lockbroker/broker/internal/fence"
)

// ErrNoTokens is returned by [Broker.Run] after the last fencing token, 2^53-1, was given out. The
// broker drains then. At a million grants a second that takes 285 years.
var ErrNoTokens = fence.ErrNoTokens

// openTokens returns the source of fencing tokens that config asks for.
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

// keepTokens reserves more tokens if it is time to, and tells everybody if none are left.
func (l *loop) keepTokens() {
	l.tokens.KeepAhead(l.table.NextToken(), l.now())
	l.updateGrants()
}

// canAllow reports whether the table may give out more tokens than it knows of.
func (l *loop) canAllow() bool { return l.drain == nil && l.tokens.CanAllow(l.now()) }

// allow lets the table give out all tokens that are reserved. Requests that have waited for tokens
// are granted slice by slice.
func (l *loop) allow() {
	limit := l.tokens.Allow()
	l.updateGrants() // before anybody hears of a grant
	l.deliver(l.table.Allow(l.now(), limit, l.events[:0]))
}
