package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// heldVariable is set in the environment of the command of a run. It is a JSON array of the requests that hold
// locks for the command, the outermost first. A brokerctl inside takes only the locks that are missing. It asks the
// broker whether the others are still held: what outlives a run, such as a daemon, keeps the variable.
const heldVariable = "LOCKBROKER_HELD"

// An enclosure is a request of a run around this process.
type enclosure struct {
	ID      string   `json:"id"`
	Token   int64    `json:"token"`
	Names   []string `json:"names"`
	PID     int      `json:"pid"`     // of the brokerctl that holds it
	Session int      `json:"session"` // the one of the system in which that is
}

// enclosures returns those around this process, the outermost first. A process that has left the session of a run, as
// daemons do, is not inside it any more: the run does not wait for it.
func enclosures() ([]enclosure, error) {
	found, err := starters()
	return slices.DeleteFunc(found, func(e enclosure) bool { return e.Session != session() }), err
}

// starters returns the runs that have started this process, even if it is not inside them any more.
func starters() (found []enclosure, err error) {
	text := os.Getenv(heldVariable)
	if text == "" {
		return nil, nil
	}
	err = json.Unmarshal([]byte(text), &found)
	for _, e := range found {
		if !wire.ParseID(e.ID).Valid() || len(e.Names) == 0 {
			err = errors.New("not the id of a request, or no names")
		}
	}
	if err != nil {
		return nil, &cli.Failure{
			Err:  fmt.Errorf("%s is not what brokerctl run writes: %w", heldVariable, err),
			Hint: "remove it from the environment where this is not inside a brokerctl run", Code: cli.ExitUsage,
		}
	}
	return found, nil
}

// hasStarted reports whether one of the holders is a run that has started this process. If the process has left the
// session of that run, it may be waiting for a lock that the run releases only when the process ends: setsid --wait and
// script do that.
func hasStarted(holders []wire.RequestInfo) bool {
	found, _ := starters() // an error in these was already reported
	return slices.ContainsFunc(holders, func(r wire.RequestInfo) bool {
		return slices.ContainsFunc(found, func(e enclosure) bool { return e.is(r) })
	})
}

func (e enclosure) is(r wire.RequestInfo) bool { return e.ID == r.ID.String() && e.Token == r.Token }

// look asks the broker which of the names e holds, and how. The map is nil if e holds nothing there, because it has
// ended or belongs to another broker.
func (e enclosure) look(ctx context.Context, client *wsclient.Client, names []string) (
	map[string]wire.RequestInfo, error) {
	common := slices.DeleteFunc(slices.Clone(e.Names), func(name string) bool { return !slices.Contains(names, name) })
	if len(common) == 0 {
		common = e.Names[:1] // to know whether it holds anything
	}
	var holds map[string]wire.RequestInfo
	for _, name := range common {
		options := &wsclient.InfoOptions{Match: glob.Escape(name), Queue: wire.MaxQueue, Whole: true}
		for lock, err := range client.Info(ctx, options) {
			if err != nil {
				return nil, err
			}
			for _, r := range lock.Holders {
				if e.is(r) && !r.Gone {
					if holds == nil {
						holds = make(map[string]wire.RequestInfo)
					}
					holds[name] = r
				}
			}
		}
	}
	return holds, nil
}

// A nesting is how a command has its locks inside the runs around it.
type nesting struct {
	lender  enclosure   // the innermost that holds some of them
	missing []string    // those that none of them holds
	parent  wsclient.ID // the innermost request around that holds anything, or the zero ID
	around  []enclosure // those that wait for this process, outermost first
}

// nest finds out which of the locks the runs around this process hold. It refuses a lock for which this process would
// wait in vain, and one of a run that would not wait for this process.
func (a *asking) nest(ctx context.Context, client *wsclient.Client, names []string) (*nesting, error) {
	around, err := enclosures()
	if err != nil || len(around) == 0 {
		return &nesting{missing: names}, err
	}
	n := new(nesting)
	if isWaitedForBy(around[len(around)-1].PID) {
		n.around = around
	}
	lent := make(map[string]bool)
	for _, e := range slices.Backward(around) {
		holds, err := e.look(ctx, client, names)
		if err != nil {
			return nil, lostBroker(err)
		}
		if holds == nil {
			continue
		}
		n.parent = cmp.Or(n.parent, wire.ParseID(e.ID))
		for _, name := range names {
			held, found := holds[name]
			if !found || lent[name] {
				continue
			}
			if err := a.borrow(name, held, n.around != nil); err != nil {
				return nil, err
			}
			if lent[name] = true; n.lender.ID == "" {
				n.lender = e
			}
		}
	}
	n.missing = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return lent[name] })
	return n, nil
}

// borrow refuses a lock that is held around this process, but in a way that it cannot be used here.
func (a *asking) borrow(name string, held wire.RequestInfo, waitsForUs bool) error {
	failure := &cli.Failure{Code: exitNotObtained}
	around := fmt.Sprintf("%s is held by the run around this one (%v)", printable.Text(name), held.ID)
	switch wanted := a.options(nil); {
	case !covers(held, wanted.Mode, wanted.Limit):
		failure.Err = fmt.Errorf("%s, shared with more than may be here, and that cannot change", around)
		failure.Hint = "ask for it there as it is needed here"
	case !waitsForUs:
		failure.Err = fmt.Errorf("%s, and nothing shows that it waits for this process", around)
		failure.Hint = "it waits for the process group of its command, which shows while the command runs; " +
			"a job of an interactive shell has a group of its own, and so has timeout: " +
			"start them outside, or this without brokerctl"
	default:
		return nil
	}
	return failure
}

// covers is the rule of package wsclient: an exclusive lock covers everything, and a shared one covers shared ones that
// let in no fewer.
func covers(held wire.RequestInfo, mode wsclient.Mode, limit int) bool {
	const none = wire.MaxLimit + 1
	return held.Mode == wsclient.Exclusive || mode == wsclient.Shared && held.Limit.Or(none) <= cmp.Or(limit, none)
}
