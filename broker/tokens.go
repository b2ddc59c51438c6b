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
	l.tokens.KeepAhead(l.table.NextToken(), l.now())
	l.updateGrants()
}

// canAllow reports whether there are tokens that the table may give out but has not been told
// about.
func (l *loop) canAllow() bool { return l.drain == nil && l.tokens.CanAllow(l.now()) }

// allow lets the table give out all reserved tokens. The table then grants the requests that waited
// for tokens, slice by slice.
func (l *loop) allow() {
	limit := l.tokens.Allow()
	l.updateGrants() // before anybody hears of a grant
	l.deliver(l.table.Allow(l.now(), limit, l.events[:0]))
}
