package locktable

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// There may be several chains and several cycles, so the oracle finds none of its own. It
// judges those of the table.

// Why returns only whether the request is known; checkChain judges the chain.
func (o *oracle) Why(now time.Duration, id wire.ID, events []Event) ([]wire.Step, bool, []Event) {
	events = o.answer(o.Tick(now, events))
	return nil, o.find(id) != nil, events
}

// WhyLock returns nothing; checkChain judges the chain.
func (o *oracle) WhyLock(now time.Duration, _ string, events []Event) ([]wire.Step, []Event) {
	return nil, o.Tick(now, events)
}

// A refusal is how things were when a request was refused because of a deadlock.
type refusal struct {
	oracle           // with the refused request as the last one
	stuck  []wire.ID // the requests that could never have been granted
}

func (o *oracle) newRefusal(r *oracleRequest, stuck []wire.ID) *refusal {
	f := &refusal{oracle: *o, stuck: stuck}
	f.requests, f.leaving, f.keep = nil, maps.Clone(o.leaving), maps.Clone(o.keep)
	f.absent, f.steals = maps.Clone(o.absent), slices.Clone(o.steals)
	for _, other := range append(slices.Clone(o.requests), r) {
		then := *other
		f.requests = append(f.requests, &then)
	}
	return f
}

// isOf reports whether f is the refusal of that request.
func (f *refusal) isOf(id wire.ID) bool {
	return f != nil && f.requests[len(f.requests)-1].ID == id
}

// checkCycle judges the cycle that the table gave as the reason.
func (f *refusal) checkCycle(steps []wire.Step) error {
	if len(steps) == 0 || !f.isOf(steps[0].Request.ID) {
		return errors.New("the cycle does not begin with the request that is refused")
	}
	for i, step := range steps {
		request, blocker, err := f.checkStep(step)
		if err != nil {
			return err
		}
		next := f.find(steps[(i+1)%len(steps)].Request.ID)
		switch {
		case next == nil || next != blocker && !(blocker.held && next.isInside(blocker)):
			return fmt.Errorf("the next step is neither about %s nor about a request inside it", blocker.ID)
		case !slices.Contains(f.stuck, request.ID):
			return fmt.Errorf("%s could be granted", request.ID)
		}
	}
	return nil
}

// checkChain judges the answer to why a request waits.
func (o *oracle) checkChain(id wire.ID, steps []wire.Step) error {
	r := o.find(id)
	if r == nil || r.held || o.isSteal(r) || len(o.blockers(r)) == 0 { // nobody blocks a steal
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
		if err := o.checkOthers(step, blocker); err != nil {
			return err
		}
		if i == len(steps)-1 {
			return o.checkLast(request, blocker)
		}
		if next := steps[i+1].Request.ID; !slices.Contains(o.waitsFor(blocker), o.find(next)) {
			return fmt.Errorf("%s does not keep %s from ending", next, blocker.ID)
		}
	}
	return nil
}

// checkOthers judges which other holders a step names.
func (o *oracle) checkOthers(step wire.Step, blocker *oracleRequest) error {
	holding := 0
	var others []wire.RequestInfo
	if blocker.held {
		holders := o.users(step.Lock, true)
		holding = len(holders)
		for _, h := range holders {
			if h != blocker && len(others) < wire.MaxHoldersTold-1 {
				others = append(others, o.describe(h, step.Lock))
			}
		}
	}
	if holding == 1 {
		holding = 0
	}
	if step.Holding != holding || fmt.Sprint(step.Others) != fmt.Sprint(others) {
		return fmt.Errorf("%d holders and %v, want %d and %v", step.Holding, step.Others, holding, others)
	}
	return nil
}

// checkLast judges the last step of a chain: its blocker must wait for nobody, and must be the
// longest of such holders.
func (o *oracle) checkLast(r, blocker *oracleRequest) error {
	waits := o.waitsFor(blocker)
	if slices.ContainsFunc(waits, func(r *oracleRequest) bool { return len(o.blockers(r)) > 0 }) {
		return fmt.Errorf("the chain ends at %s, which waits", blocker.ID)
	}
	longer := func(other *oracleRequest) bool {
		return other.held && len(o.waitsFor(other)) == 0 && other.token < blocker.token
	}
	if len(waits) == 0 && blocker.held && slices.ContainsFunc(o.blockers(r), longer) {
		return fmt.Errorf("%s does not hold longest", blocker.ID)
	}
	return nil
}

// waitsFor returns the requests that must be granted before r can end.
func (o *oracle) waitsFor(r *oracleRequest) (waits []*oracleRequest) {
	for _, other := range o.requests {
		keeps := other == r || r.held && !o.leaving[r.ID.Session] && other.isInside(r)
		if keeps && !other.held && !o.isEnding(other) && !o.isEnding(r) {
			waits = append(waits, other)
		}
	}
	return waits
}

// checkStep checks that a step is true, and returns its request and its blocker.
func (o *oracle) checkStep(step wire.Step) (request, blocker *oracleRequest, err error) {
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

// blockers returns the requests that keep a waiting request from being granted.
func (o *oracle) blockers(r *oracleRequest) (blockers []*oracleRequest) {
	for _, spec := range r.Locks {
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
			if other.arrival < r.arrival {
				blockers = append(blockers, other)
			}
		}
	}
	return blockers
}
