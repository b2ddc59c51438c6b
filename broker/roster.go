package broker

import (
	"time"

	"github.com/tidwall/btree"
)

// A roster holds the open sessions in the order of opening. So a listing of clients can continue
// where its last page ended, however many sessions have opened and ended meanwhile.
type roster struct {
	opened int64 // how many sessions have opened so far
	order  *btree.BTreeG[*session]
}

func newRoster() roster {
	isOlder := func(a, b *session) bool { return a.number < b.number }
	return roster{order: btree.NewBTreeGOptions(isOlder, btree.Options{NoLocks: true})}
}

// add adds a session that opens at that time.
func (r *roster) add(s *session, at time.Duration) {
	r.opened++
	s.number, s.openedAt = r.opened, at
	r.order.Set(s)
}

func (r *roster) remove(s *session) { r.order.Delete(s) }

// after calls visit with the sessions whose number is greater than the given one, until visit
// returns false.
func (r *roster) after(number int64, visit func(*session) bool) {
	r.order.Ascend(&session{number: number + 1}, visit)
}
