package simulation

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/snapshot"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// This file follows broker/stopping.go, broker/moving.go and broker/handover.go: a planned hand-over.

const (
	receiptWait = 2 * time.Second
	standbyWait = 200 * time.Millisecond
	tellWait    = 200 * time.Millisecond
	stopWait    = 3 * time.Second

	successionWait = 500 * time.Millisecond
)

// A handOver is a broker's part in hand-overs, as the owner and as a standby.
type handOver struct {
	stage moveStage
	text  []byte         // at the owner: the snapshot
	to    cluster.Broker // at the owner: the first standby that has it
	tells []*session     // at the owner: those that go on

	received received // at the standby
	waiting  []*conn  // at the standby: clients that wait until there is another owner
}

type moveStage uint8

const (
	notMoving moveStage = iota
	seeking             // the owner waits for a standby
	sending             // it waits for the receipt
	telling             // it waits until its clients have been told
	resigning           // it makes the standby the owner, or nobody
)

// leave ends a term in order. The loop handles nothing more.
func (b *broker) leave() {
	w, m := b.w, &b.member
	w.tracef("broker %d leaves term %d", b.index+1, m.term)
	b.stopping, b.serves = true, false
	m.moving = handOver{}
	for _, s := range b.sessions {
		switch {
		case s.ended:
		case b.names[s.name] == s && b.machine.Outlives(s.name):
			m.moving.tells = append(m.moving.tells, s)
		default:
			b.dismiss(s, false)
		}
	}
	left := b.machine.Snapshot(b.now())
	b.order.checkSnapshot(&left)
	var text bytes.Buffer
	if err := snapshot.Write(&text, left); err != nil {
		panic("simulation: " + err.Error())
	}
	m.moving.text = text.Bytes()
	b.sendSnapshot()
}

// sendSnapshot sends the snapshot to all standbys. If there is none, the owner waits for one for a while.
func (b *broker) sendSnapshot() {
	w, m := b.w, &b.member
	sent := false
	for _, other := range w.brokers {
		if other == b || !other.up || other.member.term != 0 ||
			other.member.machine.Owner().ID != m.self.ID || w.now < max(other.cut, b.cut) {
			continue
		}
		sent = true
		at := w.now + b.peerDelay(uint64(other.index))
		other.add(event{at: at, kind: evSnapshot, gen: other.run, what: b.index})
	}
	switch {
	case sent:
		m.moving.stage = sending
		b.limitStage(receiptWait)
	case m.moving.stage == seeking:
		b.tellMoving(false, true)
	default:
		m.moving.stage = seeking
		b.limitStage(max(m.began+w.plan.Takeover/5-m.instant().Mono, standbyWait))
	}
}

// limitStage bounds how long the present stage may last.
func (b *broker) limitStage(most time.Duration) {
	due := b.clock.at(b.w.now).Mono + most
	b.add(event{at: b.clock.when(due, b.w.now), kind: evMove, gen: b.run, what: int32(b.member.moving.stage)})
}

// peerDelay returns how long a message between brokers takes.
func (b *broker) peerDelay(way uint64) time.Duration {
	w := b.w
	random := w.random(forPeer, uint64(b.index), uint64(w.now), way)
	delay := time.Millisecond + upTo(10*time.Millisecond, random>>8)
	if chance(5, random&0xff) {
		delay = upTo(receiptWait*3/2, random>>8)
	}
	return delay
}

// receiveSnapshot lets a standby receive the snapshot of the owner.
func (b *broker) receiveSnapshot(from *broker) {
	w, h, m := b.w, &from.member.moving, &b.member
	if m.term != 0 || !from.up || h.stage < sending || m.machine.Owner().ID != from.member.self.ID {
		return
	}
	left, err := snapshot.Read(h.text)
	if err != nil {
		w.violate(promise.Continuity, "broker %d cannot read the snapshot: %v", b.index+1, err)
		return
	}
	w.tracef("broker %d has the snapshot of broker %d: %d sessions", b.index+1, from.index+1, len(left.Sessions))
	m.moving.received = received{&left, idOfSnapshot(h.text), from.member.self.ID}
	m.machine.SnapshotReceived(m.instant(), m.moving.received.id)
	m.kick()
	from.add(event{at: w.now + b.peerDelay(9), kind: evReceipt, gen: from.run, what: b.index})
}

func idOfSnapshot(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// move handles what the owner has waited for in a hand-over: the receipt, or the end of its patience.
func (b *broker) move(e *event) {
	h := &b.member.moving
	switch {
	case !b.stopping:
	case e.kind == evReceipt && h.stage == sending:
		b.w.counts.add(SawHandOver)
		h.to = b.w.brokers[e.what].member.self
		b.tellMoving(true, false)
	case e.kind == evReceipt || moveStage(e.what) != h.stage:
	case b.w.plan.Lasting:
		b.stopLasting(false)
	case h.stage == seeking:
		b.sendSnapshot()
	case h.stage == sending:
		b.tellMoving(false, true)
	case h.stage == telling:
		b.resign()
	case h.stage == resigning:
		b.loseTerm()
	}
}

// tellMoving tells the clients that the broker moves. If no standby has the locks, it is alone: those that are kept are
// told nothing, because a close frame would end their sessions.
func (b *broker) tellMoving(moves, alone bool) {
	h := &b.member.moving
	for _, s := range h.tells {
		if alone && b.machine.Lasts(s.name) {
			b.w.closeSocket(s.conn, down)
			continue
		}
		b.dismiss(s, moves)
	}
	h.stage = telling
	b.limitStage(tellWait)
}

// dismiss ends a connection with the broker. moves says that its session goes on.
func (b *broker) dismiss(s *session, moves bool) {
	w := b.w
	if b.mayAnswer() {
		if moves {
			w.send(s.conn, down, message{kind: aReply, reply: &wire.Moving{}, heard: s.heard})
		}
		w.send(s.conn, down, message{kind: aClose, code: wire.CloseRestart})
	}
	w.closeSocket(s.conn, down)
}

// resign makes the standby that has the snapshot the owner, or nobody.
func (b *broker) resign() {
	h, id := &b.member.moving, ""
	if h.to.ID != "" {
		id = idOfSnapshot(h.text)
	}
	h.stage = resigning
	b.member.machine.HandOver(h.to, id)
	b.member.kick()
	b.limitStage(stopWait)
}

// isBetweenOwners reports whether, as far as this broker knows, the owner is handing over, or this broker is taking
// over.
func (m *member) isBetweenOwners() bool {
	named := m.machine.Owner().ID
	return m.term == 0 && (named == m.self.ID || named != "" && named == m.moving.received.from)
}

// A received is the snapshot that a standby has. It is the zero value if there is none.
type received struct {
	snapshot *core.Snapshot
	id       string // of the snapshot
	from     string // the id of the owner that has sent it
}

// take returns the snapshot with that id, or nil if this broker does not have it. It forgets any other.
func (m *member) take(id string) *core.Snapshot {
	r := m.moving.received
	if m.moving.received = (received{}); r.id != id {
		return nil
	}
	return r.snapshot
}

// dropPast forgets the snapshot if it is useless now: the owner has not sent it, and its record does not name it.
func (m *member) dropPast() {
	now, r := m.machine.Owner(), &m.moving.received
	if r.snapshot != nil && now.ID != m.self.ID && now.ID != r.from && now.Snapshot != r.id {
		*r = received{}
		m.machine.SnapshotDropped()
	}
}

// awaitSuccession lets a client wait that comes to a standby during a hand-over.
func (b *broker) awaitSuccession(c *conn) bool {
	m := &b.member
	if !b.w.plan.isCluster() || !m.isBetweenOwners() {
		return false
	}
	b.w.counts.add(SawSuccession)
	m.moving.waiting = append(m.moving.waiting, c)
	due := b.clock.at(b.w.now).Mono + successionWait
	b.add(event{at: b.clock.when(due, b.w.now), kind: evSuccession, gen: b.run})
	return true
}

// endSuccession accepts or refuses the clients that have waited.
func (b *broker) endSuccession() {
	waiting := b.member.moving.waiting
	b.member.moving.waiting = nil
	for _, c := range waiting {
		if c.sockets[down] {
			b.admit(c)
		}
	}
}

// memberOf returns how the record names a run of a broker.
func (b *broker) memberOf(run int32) cluster.Broker {
	id := idOfRun(b.index, run)
	return cluster.Broker{ID: id, Address: id}
}
