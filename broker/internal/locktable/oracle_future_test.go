package locktable

import (
	"slices"
	"strconv"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// The oracle finds deadlocks by playing the future in copies of itself: no request is added or
// cancelled, and each holder releases as soon as nothing inside it waits.

// stuckWith plays the future with r behind all others, and returns the requests that are left
// waiting at the end. r may be nil.
func (o *oracle) stuckWith(r *oracleRequest) (stuck []wire.ID) {
	end := o.future(r)
	for end.releaseOne(0) {
		end.grantAll(nil)
	}
	for _, left := range end.requests {
		if !left.held {
			stuck = append(stuck, left.ID)
		}
	}
	return stuck
}

// future returns a copy in which r waits too, if it is not nil. In the copy, requests that must end
// have ended, and only other requests keep a request from being granted.
func (o *oracle) future(r *oracleRequest) *oracle {
	f := newOracle(Config{FirstToken: 1})
	f.endsAnyway = o.leaving
	for _, other := range append(slices.Clone(o.requests), r) {
		if other != nil && (other == r || !o.isEnding(other)) {
			played := *other
			played.Wait, played.Hold = Forever, 0
			f.requests = append(f.requests, &played)
		}
	}
	f.grantAll(nil)
	return f
}

// isEnding reports whether a request must end, although no call has ended it yet.
func (o *oracle) isEnding(r *oracleRequest) bool {
	due, limited := r.deadline()
	return limited && due <= o.now && (r.held || r.since < due) ||
		o.leaving[r.ID.Session] && (!r.held || o.keep[r.ID.Session] <= o.now)
}

// releaseOne ends the nth holder that has nothing waiting inside it. It reports whether there is
// such a holder.
func (o *oracle) releaseOne(n int) bool {
	for i, r := range o.requests {
		waitsInside := func(other *oracleRequest) bool { return !other.held && other.isInside(r) }
		if !r.held || !o.endsAnyway[r.ID.Session] && slices.ContainsFunc(o.requests, waitsInside) {
			continue
		}
		if n == 0 {
			o.requests = slices.Delete(o.requests, i, i+1)
			return true
		}
		n--
	}
	return false
}

// isInside reports whether r was made inside outer, or inside a request inside it.
func (r *oracleRequest) isInside(outer *oracleRequest) bool {
	return slices.Contains(r.around, outer.ID)
}

// playAll plays the future in every order in which holders can release. It returns how many of
// these orders end with r granted, and how many do not.
func (o *oracle) playAll(r *oracleRequest) (granted, not int) {
	seen := make(map[string]bool)
	var play func(at *oracle)
	play = func(at *oracle) {
		key := at.key()
		if seen[key] {
			return
		}
		seen[key] = true
		for n := 0; ; n++ {
			next := at.future(nil)
			if !next.releaseOne(n) {
				if n == 0 && at.waits(r.ID) {
					not++
				} else if n == 0 {
					granted++
				}
				return
			}
			next.grantAll(nil)
			play(next)
		}
	}
	play(o.future(r))
	return granted, not
}

// key returns the same text for equal futures.
func (o *oracle) key() string {
	var key []byte
	for _, r := range o.requests {
		key = strconv.AppendBool(strconv.AppendInt(key, int64(r.arrival), 10), r.held)
	}
	return string(key)
}

func (o *oracle) waits(id wire.ID) bool {
	r := o.find(id)
	return r != nil && !r.held
}
