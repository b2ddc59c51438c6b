package owner

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
)

// A watch is what a standby has seen of the record. Its times are on the monotonic clock.
type watch struct {
	head     cluster.Head
	known    bool          // head has been read
	since    time.Duration // head has not changed since then
	lastSeen time.Duration // when head was last seen
	reading  bool          // a read is under way
	nextRead time.Duration
	hurry    time.Duration // until when to read often
}

// see notes that the record was head at some time shortly before now. It sets the time of the next read.
func (w *watch) see(now time.Duration, head cluster.Head, c *Config) {
	w.nextRead = now + c.poll()
	if now < w.hurry {
		w.nextRead = now + c.fastPoll()
	}
	if !w.known || head.Revision != w.head.Revision || now-w.lastSeen > c.outage() {
		w.since = now
	}
	w.head, w.known, w.lastSeen = head, true, now
}

// takeoverAt returns when self may become the owner, by what has been seen.
func (w *watch) takeoverAt(self string, c *Config) (time.Duration, bool) {
	switch {
	case !w.known:
		return 0, false
	case w.head.Owner.ID == "" || w.head.Owner.ID == self: // nobody is the owner, or self was named
		return w.since, true
	}
	at := w.since + c.Takeover
	return at, at-w.lastSeen <= c.outage()
}

// WantsHead reports whether the caller must read the head from the store now. If so, the read has begun.
func (m *Machine) WantsHead(now Instant) bool {
	w := &m.watch
	if m.role != standby || w.reading || now.Mono < w.nextRead {
		return false
	}
	w.reading = true
	return true
}

// HeadRead passes on what the store has returned for WantsHead.
func (m *Machine) HeadRead(now Instant, head cluster.Head, err error) {
	w := &m.watch
	w.reading = false
	switch {
	case m.role != standby: // a write knows better
	case err != nil:
		w.nextRead = now.Mono + m.config.retry()
	default:
		w.see(now.Mono, head, &m.config)
	}
}

// SnapshotReceived tells the machine that this broker has the snapshot with that id. The owner's record will soon
// name it.
func (m *Machine) SnapshotReceived(now Instant, id string) {
	m.snapshot = id
	m.Hurry(now, m.config.Takeover)
}

// SnapshotDropped tells the machine that this broker no longer has a snapshot.
func (m *Machine) SnapshotDropped() { m.snapshot = "" }

// Hurry lets the machine read the record often for that long, because the owner seems to end.
func (m *Machine) Hurry(now Instant, long time.Duration) {
	m.watch.nextRead = now.Mono
	m.watch.hurry = max(m.watch.hurry, now.Mono+long)
}
