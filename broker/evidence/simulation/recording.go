package simulation

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/owner"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// This file follows broker/recording.go, and the recorder of package fence.

// A recording is what the recorder of a broker does.
type recording struct {
	waiting []core.Change // until the recorder is free
	storing int           // how many changes it stores
	mark    owner.Mark    // on record once they are stored
	tokens  owner.Mark    // of the reservation under way

	isStored  bool // what is being stored is on record
	hasTokens bool // the reservation under way is
}

// keepRecord passes the changes of the record to the recorder.
func (b *broker) keepRecord() {
	if !b.keepsRecord() || !b.serves {
		return
	}
	if gone := b.machine.Purge(b.now()); gone > 0 {
		b.w.counts.Outcomes[SawPurged] += gone
		b.w.tracef("broker %d purges %d sessions", b.index+1, gone)
		b.forgetPurged()
	}
	b.recording.waiting = append(b.recording.waiting, b.machine.TakeChanges(b.now())...)
	b.storeChanges()
}

func (b *broker) forgetPurged() {
	for name := range b.absences {
		if !b.machine.IsAbsent(name) {
			delete(b.absences, name)
		}
	}
}

// storeChanges begins to store the changes that wait, if the recorder is free.
func (b *broker) storeChanges() {
	r := &b.recording
	if r.storing > 0 || len(r.waiting) == 0 {
		return
	}
	changes := r.waiting
	r.waiting, r.storing, r.mark = nil, len(changes), 0
	b.source().record(changes)
}

// checkStored tells the core what is on record by now.
func (b *broker) checkStored() {
	r := &b.recording
	if b.w.plan.isCluster() {
		clusterSource{b}.look()
	}
	if r.hasTokens {
		r.hasTokens = false
		b.reserved()
	}
	if n := r.storing; r.isStored {
		r.storing, r.isStored = 0, false
		for range n {
			b.tell(b.machine.Recorded(b.now(), b.events[:0]))
		}
		b.storeChanges()
		b.retryUnrecorded()
	}
}

// retryUnrecorded lets the sessions go on that have waited in awaitsRecord.
func (b *broker) retryUnrecorded() {
	waited := b.unrecorded
	b.unrecorded = nil
	for _, s := range waited {
		s.parked = false
		b.queue(s)
	}
}

// awaitsRecord reports whether the next item of s must wait until the record has changed, or until another connection
// has taken up the session that s wants.
func (b *broker) awaitsRecord(s *session) bool {
	if s.ended || s.closing || !b.keepsRecord() || !b.mustAwaitRecord(s) {
		return false
	}
	if !s.parked {
		s.parked = true
		b.unrecorded = append(b.unrecorded, s)
	}
	return true
}

func (b *broker) mustAwaitRecord(s *session) bool {
	if s.isTakingUp() {
		switch w := s.resuming; w.stage {
		case checking:
			return b.machine.IsTaken(w.core)
		case rekeying:
			return !b.machine.Rekey(w.core, s.name) || !b.isMarked(s)
		}
		return false
	}
	if len(s.todo) == 0 {
		return false
	}
	_, acquires := s.todo[0].request.(*wire.Acquire)
	return acquires && (!b.mayRequest(s) || !b.isMarked(s))
}

func (b *broker) mayRequest(s *session) bool {
	return b.machine.MayRequest(s.name) || b.w.options.Break == GrantsFirst
}

// isMarked reports whether a write of the owner's record has been acknowledged that began after the hello of s.
func (b *broker) isMarked(s *session) bool {
	if s.mark != 0 && (b.member.machine.Recorded(s.mark) || b.w.options.Break == TrustsHello) {
		s.mark = 0
	}
	return s.mark == 0
}

// revisit looks for deadlocks when all sessions of the last run are back.
func (b *broker) revisit(now time.Duration) {
	for m := b.machine; m.IsRevisiting() && b.goesOn(); {
		b.order.revisits = true
		b.tell(m.Revisit(now, b.events[:0]))
		b.order.revisits = false
		if b.w.now < b.slowUntil {
			b.turnAgain()
			return
		}
	}
}
