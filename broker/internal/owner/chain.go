package owner

import (
	"errors"
	"strconv"
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
)

// A chain is the owner's writes, each of which is guarded by the one before it.
type chain struct {
	pending *pending      // the write that has begun and not ended, or nil
	trying  bool          // an attempt at it is under way
	sent    Instant       // when the last attempt began
	renewed Instant       // when the last acknowledged attempt began
	begun   Instant       // when the last write was composed
	written uint64        // how many writes have begun
	retryAt time.Duration // no attempt begins earlier, on the monotonic clock
}

// A pending write is repeated as it is until its outcome is known.
type pending struct {
	write   cluster.Write
	kind    kind
	batch   batch
	unknown bool // an attempt has failed, and may have been applied
}

// A kind says what a write is for.
type kind uint8

const (
	renews    kind = iota // the owner stays the owner, and puts changes on record
	takesOver             // a standby becomes the owner
	handsOver             // the owner makes another broker the owner, or nobody
)

// WantsWrite returns the write that the caller must pass to the store now. It returns false if there is none. If
// there is one, an attempt has begun, and the caller must call Wrote with its result.
func (m *Machine) WantsWrite(now Instant) (cluster.Write, bool) {
	if due, some := m.writeDue(now); !some || now.Mono < due {
		return cluster.Write{}, false
	}
	c := &m.chain
	if c.pending == nil {
		c.pending = m.compose(now)
		c.begun = now
	}
	c.trying, c.sent = true, now
	return c.pending.write, true
}

// Wrote passes on what the store has returned for a write. The error says whether the write may have been applied:
// see [cluster.ErrNotApplied].
func (m *Machine) Wrote(now Instant, head cluster.Head, err error) {
	c := &m.chain
	p := c.pending
	c.trying = false
	if err != nil {
		c.retryAt = now.Mono + m.config.retry()
		p.unknown = p.unknown || !errors.Is(err, cluster.ErrNotApplied)
		long := now.Mono-m.watch.lastSeen > m.config.outage()
		// A write that no attempt has applied, or ever will, can be composed again. A takeover is not
		// repeated after an outage, because the owner perhaps could not write either. If it is applied
		// after all, the record names this broker, which then takes over again.
		if !p.unknown || p.kind == takesOver && long {
			m.abandon()
		}
		return
	}
	c.pending = nil
	if head.Beat != p.write.Beat {
		m.lose(now, head)
		return
	}
	c.renewed = c.sent
	m.watch.see(now.Mono, head, &m.config)
	m.acknowledge(now, p)
}

// abandon gives up the pending write.
func (m *Machine) abandon() {
	m.chain.pending = nil
	if m.role == taking {
		m.role = standby
	}
}

// acknowledge notes that p was applied.
func (m *Machine) acknowledge(now Instant, p *pending) {
	switch p.kind {
	case takesOver:
		m.role, m.owner = loading, *p.write.Owner
		m.record.forget()
		m.graceEnds = now.Mono + m.owner.Grace
		m.chain.retryAt = now.Mono
	case renews:
		m.record.confirm(p.batch, p.write.Owner != nil)
	case handsOver:
		m.resigned = p.write.Owner.ID == ""
		m.lose(now, m.watch.head)
	}
}

// writeDue returns when WantsWrite next returns a write, unless something happens before. It returns false if it
// returns none until then.
func (m *Machine) writeDue(now Instant) (time.Duration, bool) {
	c := &m.chain
	switch {
	case c.trying:
		return 0, false
	case m.role == standby:
		at, ok := m.watch.takeoverAt(m.config.Self.ID, &m.config)
		if stale := max(at, now.Mono)-m.watch.lastSeen > m.config.outage(); !ok || m.resigned || stale {
			return 0, false
		}
		return max(at, c.retryAt), true
	case c.pending != nil:
		return c.retryAt, true
	case m.record.isWaiting() || m.handOver.to != nil:
		return c.retryAt, true
	case now.since(c.begun) >= m.config.renewal(): // perhaps only by the wall clock, after a suspension
		return max(now.Mono, c.retryAt), true
	default:
		return max(c.begun.Mono+m.config.renewal(), c.retryAt), true
	}
}

// compose returns the next write.
func (m *Machine) compose(now Instant) *pending {
	c := &m.chain
	c.written++
	p := &pending{write: cluster.Write{
		Guard: m.watch.head.Revision,
		Beat:  m.config.Self.ID + "/" + strconv.FormatUint(c.written, 10),
	}}
	switch {
	case m.role == standby:
		m.role = taking
		m.composeTakeover(now, p)
	case m.handOver.to != nil && m.record.confirmed >= m.handOver.after:
		m.composeHandOver(p)
	default:
		p.batch = m.record.take(&p.write, m.config.MaxChanges)
		if m.record.owner {
			owner := m.owner
			p.write.Owner = &owner
		}
	}
	return p
}
