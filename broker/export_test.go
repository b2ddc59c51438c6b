package broker

import (
	"net/http"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/fence"
	"github.com/lockbroker/lockbroker/broker/internal/statedir"
	"github.com/lockbroker/lockbroker/broker/internal/transport"
)

// Rig makes what is random or depends on the clock predictable: the names of
// sessions, in the order of their opening, and tokens, which, where there is no
// state directory, count from 1.
func (b *Broker) Rig(names func() string) {
	b.names = names
	if b.tokens == fence.FromClock() {
		b.tokens = tokensFrom{Source: fence.FromClock(), first: 1}
	}
}

// RigTokens makes tokens begin at first, or, if that is 0, with the clock; reserved so many at a time, where
// reserve says that it can be done.
func (b *Broker) RigTokens(first, ahead int64, reserve func(limit int64) error) {
	b.tokens = tokensFrom{Source: fence.FromClock(), first: first, reserved: reserve}
	b.loop.tokenRange = ahead
}

// RigGrace is RigTokens from 1 after a run that has ended badly.
func (b *Broker) RigGrace(grace time.Duration) {
	b.tokens = tokensFrom{Source: fence.FromClock(), first: 1, grace: grace}
}

// RigSteps makes the loop one that has taken so many steps.
func (b *Broker) RigSteps(steps int64) { b.loop.watching.spent = steps }

// RigDisk makes the broker keep its tokens in a directory on other files, and reserve so many at a time.
func (b *Broker) RigDisk(files statedir.Files, path string, ahead int64) error {
	dir, err := statedir.OpenOn(files, path)
	b.tokens = fence.InDir(dir, b.config.Timeout)
	b.loop.tokenRange = ahead
	return err
}

// tokensFrom are tokens that begin at a certain one.
type tokensFrom struct {
	fence.Source // the clock; its other methods do nothing
	first        int64
	grace        time.Duration
	reserved     func(limit int64) error // nil: all can be reserved
}

// Start implements fence.Source.
func (t tokensFrom) Start() fence.Beginning {
	if t.first == 0 {
		return t.Source.Start()
	}
	return fence.Beginning{First: t.first, Grace: t.grace}
}

// Reserve implements fence.Source.
func (t tokensFrom) Reserve(limit int64, _ time.Duration) error {
	if t.reserved == nil {
		return nil
	}
	return t.reserved(limit)
}

// What tests assert exactly.
const (
	WriteStall   = transport.WriteStall
	CloseWait    = transport.CloseWait
	OutboxBytes  = outboxBytes
	DropSlice    = dropSlice
	Breath       = sliceRest
	MaxMalformed = maxMalformed
	StayAfter    = stayAfter
	ChangesBytes = changesBytes
	MatchBurst   = matchBurst
	TokenRange   = fence.Range
	ReserveRetry = fence.ReserveRetry
	StartWait    = fence.StartWait

	FaultBurst      = faultBurst
	SessionBurst    = sessionBurst
	SuppressedAfter = suppressedAfter
	HeaderBytes     = headerBytes
	IdleTimeout     = idleTimeout
	RequestTimeout  = requestTimeout
)

// SessionNames returns n names as one broker gives them.
func SessionNames(n int) []string {
	names := newSessionNames()
	var all []string
	for range n {
		all = append(all, names.next())
	}
	return all
}

// Watches is how many watches there are. Only while the loop rests.
func (b *Broker) Watches() (n int) {
	for _, ws := range b.loop.watching.sessions {
		n += len(ws.all)
	}
	return n
}

// OriginsAllow reports whether those patterns, and those names of the broker, allow a request.
func OriginsAllow(patterns, hosts []string, r *http.Request) (bool, error) {
	o, err := parseOrigins(patterns, hosts)
	return o.judge(r) == originAllowed, err
}

// AddressOf is the address that bounds per address count, or "".
func AddressOf(remote string) string {
	if a := addressOf(remote); a.IsValid() {
		return a.String()
	}
	return ""
}

// Due is how many bytes are due to all clients together.
func (b *Broker) Due() int64 { return b.loop.unsent.now.Load() }
