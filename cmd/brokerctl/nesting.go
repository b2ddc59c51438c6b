package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A nesting says which locks a command gets from enclosing runs, and which ones it must acquire.
type nesting struct {
	lender  enclosure   // the innermost enclosure that holds one of the locks
	missing []string    // locks that no enclosure holds
	parent  wsclient.ID // the innermost enclosure that holds any lock, or the zero ID
	around  []enclosure // the enclosures, outermost first; nil if they do not wait for this process
}

// findNesting asks the broker which of the locks the enclosing runs hold. It refuses a lock that an enclosing run
// holds and that this process cannot use, because a request for it would wait forever.
func (f *lockFlags) findNesting(ctx context.Context, client *wsclient.Client, names []string) (*nesting, error) {
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
		held, err := e.held(ctx, client, names)
		if err != nil {
			return nil, brokerFailure(err)
		}
		if held == nil {
			continue
		}
		n.parent = cmp.Or(n.parent, wire.ParseID(e.ID))
		for _, name := range names {
			r, found := held[name]
			if !found || lent[name] {
				continue
			}
			if err := f.checkLent(name, r, n.around != nil); err != nil {
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

// checkLent refuses a lock that an enclosing run holds if this process cannot use it: its mode does not cover the
// request, or the run does not wait for this process.
func (f *lockFlags) checkLent(name string, held wire.RequestInfo, waitsForUs bool) error {
	failure := &cli.Failure{Code: exitNotObtained}
	prefix := fmt.Sprintf("%s is held by the enclosing run (%v)", printable.Text(name), held.ID)
	switch wanted := f.options(nil); {
	case !covers(held, wanted.Mode, wanted.Limit):
		failure.Err = fmt.Errorf("%s, shared among more holders than this request allows", prefix)
		failure.Hint = "let the enclosing run acquire it in the mode that is needed here"
	case !waitsForUs:
		failure.Err = fmt.Errorf("%s, which does not seem to wait for this process", prefix)
		failure.Hint = "a run waits for the process group of its command; a job of an interactive shell, " +
			"and a command under timeout, has another group: " +
			"start that outside, or this without brokerctl"
	default:
		return nil
	}
	return failure
}

// covers reports whether a held lock covers a nested request, by the rule of package wsclient: an exclusive lock covers
// every request, and a shared lock covers shared requests with the same or a higher limit.
func covers(held wire.RequestInfo, mode wsclient.Mode, limit int) bool {
	const none = wire.MaxLimit + 1
	return held.Mode == wsclient.Exclusive || mode == wsclient.Shared && held.Limit.Or(none) <= cmp.Or(limit, none)
}
