package locktable

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// What the oracle says of who waits for whom. It plays on in copies of itself: no request is
// added, none gives up, and each holder releases as soon as nothing inside it waits.

// stuckWith plays on with w behind all others, every holder releasing as soon as it can.
// It returns those who are left waiting at the end, w among them if it is.
func (o *oracle) stuckWith(w *wish) (stuck []wire.ID) {
	end := o.future(w)
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

// future is a copy in which w waits too, if there is one, what is over has ended,
// and nothing keeps anybody from being granted but other requests.
func (o *oracle) future(w *wish) *oracle {
	f := newOracle(Config{FirstToken: 1})
	f.gone = o.leaving
	for _, r := range append(slices.Clone(o.requests), w) {
		if r != nil && (r == w || !o.isOver(r)) {
			played := *r
			played.Wait, played.Hold = Forever, 0
			f.requests = append(f.requests, &played)
		}
	}
	f.grantAll(nil)
	return f
}

// isOver reports whether a request only waits for its turn to be ended.
func (o *oracle) isOver(w *wish) bool {
	due, limited := w.deadline()
	return limited && due <= o.now && (w.held || w.since < due) ||
		o.leaving[w.ID.Session] && (!w.held || o.keep[w.ID.Session] <= o.now)
}

// releaseOne ends the nth request that holds and has nobody inside who waits, if there are so many.
func (o *oracle) releaseOne(n int) bool {
	for i, w := range o.requests {
		inside := func(other *wish) bool { return !other.held && other.isInside(w) }
		if !w.held || !o.gone[w.ID.Session] && slices.ContainsFunc(o.requests, inside) {
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

// isInside reports whether w was made inside outer, or inside something that was, and so on.
func (w *wish) isInside(outer *wish) bool { return slices.Contains(w.around, outer.ID) }

// everyOrder plays on in every order in which holders can release, and says in
// how many ends w was granted, and in how many it was not.
func (o *oracle) everyOrder(w *wish) (granted, not int) {
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
				if n == 0 && at.waitsStill(w.ID) {
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
	play(o.future(w))
	return granted, not
}

func (o *oracle) key() string {
	var key []byte
	for _, w := range o.requests {
		key = strconv.AppendBool(strconv.AppendInt(key, int64(w.arrival), 10), w.held)
	}
	return string(key)
}

func (o *oracle) waitsStill(id wire.ID) bool {
	w := o.find(id)
	return w != nil && !w.held
}

// Why says nothing but whether the request is known: checkChain judges a chain.
func (o *oracle) Why(now time.Duration, id wire.ID, events []Event) ([]wire.Step, bool, []Event) {
	events = o.answer(o.Tick(now, events))
	return nil, o.find(id) != nil, events
}

// WhyLock says nothing, as Why does.
func (o *oracle) WhyLock(now time.Duration, _ string, events []Event) ([]wire.Step, []Event) {
	return nil, o.Tick(now, events)
}

// A refusal is how things were when a request was refused because of a deadlock.
type refusal struct {
	oracle           // with the request as the last one
	stuck  []wire.ID // who could never have been granted
}

func (o *oracle) refuse(w *wish, stuck []wire.ID) *refusal {
	r := &refusal{oracle: *o, stuck: stuck}
	r.requests, r.leaving, r.keep, r.raids = nil, maps.Clone(o.leaving), maps.Clone(o.keep), slices.Clone(o.raids)
	for _, other := range append(slices.Clone(o.requests), w) {
		then := *other
		r.requests = append(r.requests, &then)
	}
	return r
}

// checkCycle judges the cycle that the refusal told.
func (with *refusal) checkCycle(steps []wire.Step) error {
	if len(steps) == 0 || steps[0].Request.ID != with.requests[len(with.requests)-1].ID {
		return errors.New("the cycle does not begin with the request that is refused")
	}
	for i, step := range steps {
		request, blocker, err := with.checkStep(step)
		if err != nil {
			return err
		}
		next := with.find(steps[(i+1)%len(steps)].Request.ID)
		switch {
		case next == nil || next != blocker && !(blocker.held && next.isInside(blocker)):
			return fmt.Errorf("%s neither waits next, nor has inside it what does", blocker.ID)
		case !slices.Contains(with.stuck, request.ID):
			return fmt.Errorf("%s could be granted", request.ID)
		}
	}
	return nil
}

// checkChain judges the answer to why a request waits.
func (o *oracle) checkChain(id wire.ID, steps []wire.Step) error {
	w := o.find(id)
	if w == nil || w.held || o.raidOf(w) != nil || len(o.inTheWay(w)) == 0 { // a steal takes what it wants
		if len(steps) > 0 {
			return fmt.Errorf("nobody is in the way of %s", id)
		}
		return nil
	}
	if len(steps) == 0 || steps[0].Request.ID != id {
		return fmt.Errorf("the chain does not begin with %s", id)
	}
	for i, step := range steps {
		request, blocker, err := o.checkStep(step)
		if err != nil {
			return err
		}
		waits := o.waitsFor(blocker)
		switch last := i == len(steps)-1; {
		case !last && !slices.Contains(waits, o.find(steps[i+1].Request.ID)):
			return fmt.Errorf("%s does not wait for what keeps %s", steps[i+1].Request.ID, blocker.ID)
		case last && slices.ContainsFunc(waits, func(w *wish) bool { return len(o.inTheWay(w)) > 0 }):
			return fmt.Errorf("the chain ends at %s, which waits", blocker.ID)
		case last && len(waits) == 0 && !o.longest(request, blocker):
			return fmt.Errorf("%s does not hold longest", blocker.ID)
		}
	}
	return nil
}

// longest reports whether no other holder in the way, inside which nobody waits
// either, has held longer.
func (o *oracle) longest(w, blocker *wish) bool {
	return !blocker.held || !slices.ContainsFunc(o.inTheWay(w), func(other *wish) bool {
		return other.held && len(o.waitsFor(other)) == 0 && other.token < blocker.token
	})
}

// waitsFor is what must be granted before a request can end.
func (o *oracle) waitsFor(w *wish) (waits []*wish) {
	for _, other := range o.requests {
		keeps := other == w || w.held && !o.leaving[w.ID.Session] && other.isInside(w)
		if keeps && !other.held && !o.isOver(other) && !o.isOver(w) {
			waits = append(waits, other)
		}
	}
	return waits
}

// checkStep checks that a step tells the truth, and returns whom it tells of.
func (o *oracle) checkStep(step wire.Step) (request, blocker *wish, err error) {
	request, blocker = o.find(step.Request.ID), o.find(step.Blocker.ID)
	if request == nil || blocker == nil || request.held {
		return nil, nil, fmt.Errorf("%s does not wait because of %s", step.Request.ID, step.Blocker.ID)
	}
	_, asks := request.on(step.Lock)
	_, uses := blocker.on(step.Lock)
	if !asks || !uses || !blocker.held && blocker.arrival >= request.arrival {
		return nil, nil, fmt.Errorf("%s is not in the way of %s on %s", blocker.ID, request.ID, step.Lock)
	}
	if fmt.Sprint(o.describe(request, step.Lock)) != fmt.Sprint(step.Request) ||
		fmt.Sprint(o.describe(blocker, step.Lock)) != fmt.Sprint(step.Blocker) {
		return nil, nil, fmt.Errorf("described wrongly: %+v", step)
	}
	return request, blocker, nil
}

// inTheWay are those who keep a waiting request from being granted.
func (o *oracle) inTheWay(w *wish) (blockers []*wish) {
	for _, spec := range w.Locks {
		holders := o.users(spec.Name, true)
		least := limitOn(spec)
		for _, h := range holders {
			theirs, _ := h.on(spec.Name)
			least = min(least, limitOn(theirs))
		}
		if len(holders)+1 > least {
			blockers = append(blockers, holders...)
		}
		for _, other := range o.users(spec.Name, false) {
			if other.arrival < w.arrival {
				blockers = append(blockers, other)
			}
		}
	}
	return blockers
}

// is reports whether r is the refusal of that request.
func (with *refusal) is(id wire.ID) bool {
	return with != nil && with.requests[len(with.requests)-1].ID == id
}
