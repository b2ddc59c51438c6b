package broker

import (
	"context"
	"net/http"
	"time"

	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/fence"
	"github.com/lockbroker/lockbroker/broker/internal/statedir"
	"github.com/lockbroker/lockbroker/broker/internal/transport"
)

// Rig gives the sessions predictable names: name returns the next one. Without a state directory,
// tokens count from 1.
func (b *Broker) Rig(names func() string) {
	b.names = names
	b.secrets = func(session string) string { return "secret-of-" + session }
	if b.tokens == fence.FromClock() {
		b.tokens = tokensFrom{Source: fence.FromClock(), first: 1}
	}
}

// RigTokens makes tokens start at first, or at the clock if first is 0. ahead is how many are
// reserved at a time; a reservation succeeds if reserve returns nil.
func (b *Broker) RigTokens(first, ahead int64, reserve func(limit int64) error) {
	b.tokens = tokensFrom{Source: fence.FromClock(), first: first, reserved: reserve}
	b.loop.tokenRange = ahead
}

// RigGrace makes tokens start at 1, as after a run that did not stop cleanly.
func (b *Broker) RigGrace(grace time.Duration) {
	b.tokens = tokensFrom{Source: fence.FromClock(), first: 1, grace: grace}
}

// RigSteps sets how many steps the loop has taken.
func (b *Broker) RigSteps(steps int64) { b.loop.watching.spent = steps }

// RigDisk keeps the tokens in a state directory on the given files. ahead is how many are reserved
// at a time.
func (b *Broker) RigDisk(files statedir.Files, path string, ahead int64) error {
	dir, err := statedir.OpenOn(files, path)
	b.tokens = fence.InDir(dir, b.config.Timeout)
	b.loop.tokenRange = ahead
	return err
}

// tokensFrom is a source that starts at a given token.
type tokensFrom struct {
	fence.Source // the clock; its other methods do nothing
	first        int64
	grace        time.Duration
	reserved     func(limit int64) error // nil: reserving always succeeds
}

// Start implements fence.Source.
func (t tokensFrom) Start() core.Beginning {
	if t.first == 0 {
		return t.Source.Start()
	}
	return core.Beginning{First: t.first, Grace: t.grace}
}

// Reserve implements fence.Source.
func (t tokensFrom) Reserve(r core.Reservation) error {
	if t.reserved == nil {
		return nil
	}
	return t.reserved(r.Limit)
}

// Values that tests assert exactly.
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

// SessionNames returns n names of sessions of one broker.
func SessionNames(n int) []string {
	names := newSessionNames()
	var all []string
	for range n {
		all = append(all, names.next())
	}
	return all
}

// Watches returns how many watches there are. Call it only while the loop is idle.
func (b *Broker) Watches() (n int) {
	for _, ws := range b.loop.watching.sessions {
		n += len(ws.all)
	}
	return n
}

// OriginsAllow reports whether a broker with the given AllowOrigins and AllowedHosts allows a
// request.
func OriginsAllow(patterns, hosts []string, r *http.Request) (bool, error) {
	o, err := parseOrigins(patterns, hosts, nil)
	return o.judge(r) == originAllowed, err
}

// AddressOf returns the address under which a client counts toward limits, or "".
func AddressOf(remote string) string {
	if a := addressOf(remote); a.IsValid() {
		return a.String()
	}
	return ""
}

// Due returns how many bytes wait to be sent to all clients together.
func (b *Broker) Due() int64 { return b.loop.unsent.now.Load() }

// RemoteOf returns the address of the client that sends a request, or "" if the request is refused.
func (b *Broker) RemoteOf(r *http.Request) string {
	remote, refused := b.remoteOf(r)
	if refused != nil {
		return ""
	}
	return remote
}

// The limits of the audit.
const (
	AuditRecords = auditRecords
	AuditWait    = auditWait
	AuditFlush   = auditFlush
)

// AuditOrdinary is like Audit, for a record that a client could cause.
func (b *Broker) AuditOrdinary(r AuditRecord) { b.audits.put(&r, ordinary) }

// AuditDropped returns how many records were dropped.
func (b *Broker) AuditDropped() int64 { return b.audits.dropped.Load() }

// RefusedHandshakes returns how many connections were closed because they came too fast.
func (b *Broker) RefusedHandshakes() int64 { return b.handshakes.refused.Load() }

// Refusals returns how often each limit has made the broker refuse something, by the limit's name in
// the log. Limits that have refused nothing are left out.
func (b *Broker) Refusals() map[string]int64 {
	all := make(map[string]int64)
	for l := noLimit + 1; l < limits; l++ {
		if n := b.refusals.of(l); n > 0 {
			all[l.String()] = n
		}
	}
	return all
}

// LimitNames returns the names of all limits in the log.
func LimitNames() (names []string) {
	for l := noLimit + 1; l < limits; l++ {
		names = append(names, l.String())
	}
	return names
}

// Shares returns how many shares are remembered. Call it only while the loop is idle.
func (b *Broker) Shares() int { return b.loop.shares.Len() }

// Memory returns how much memory the broker estimates that it uses. Call it only while the loop is idle.
func (b *Broker) Memory() int64 {
	b.loop.checkMemory()
	return b.memory.estimate()
}

// LargeFrames returns how many large frames are being read or handled.
func (b *Broker) LargeFrames() int { return b.largeFrames.all }

// Stick makes the loop stand still until the channel that it returns is closed.
func (b *Broker) Stick() chan struct{} {
	release := make(chan struct{})
	b.inbox.put(item{what: &inquiry{ask: func(*loop) { <-release }, answered: make(chan struct{})}})
	return release
}

// WithUser adds the user at the other end of a Unix socket to the context of a request.
func WithUser(ctx context.Context, user *access.User) context.Context {
	return context.WithValue(ctx, userKey{}, user)
}

// HasSnapshot reports whether the broker keeps a snapshot that it has received.
func (b *Broker) HasSnapshot() bool {
	h := &b.member.handOver
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.received != received{}
}

// Serves reports whether Run serves.
func (b *Broker) Serves() bool { return b.life.now() == phaseServing }

// Absences returns how many sessions the loop remembers that have no connection. Call it only while the loop is idle.
func (b *Broker) Absences() int { return len(b.loop.absences) }
