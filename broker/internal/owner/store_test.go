package owner

import (
	"slices"

	"github.com/lockbroker/lockbroker/broker/cluster"
)

// A memory is a store in memory: what a linearizable store does at one moment.
type memory struct {
	head     cluster.Head
	sessions []cluster.Session
	revision int64
}

// write applies w if its guard holds, and returns the head after that.
func (s *memory) write(w cluster.Write) cluster.Head {
	if w.Guard != s.head.Revision {
		return s.head
	}
	s.revision++
	s.head.Beat, s.head.Revision.Beat = w.Beat, s.revision
	if w.Owner != nil {
		s.head.Owner, s.head.Revision.Owner = *w.Owner, s.revision
	}
	for _, put := range w.Put {
		s.remove(put.ID)
		s.sessions = append(s.sessions, put)
	}
	for _, id := range w.Delete {
		s.remove(id)
	}
	return s.head
}

func (s *memory) remove(id string) {
	s.sessions = slices.DeleteFunc(s.sessions, func(o cluster.Session) bool { return o.ID == id })
}
