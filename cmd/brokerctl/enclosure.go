package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// heldVariable is an environment variable of the command of a run: a JSON array of the enclosures that hold locks for
// the command, outermost first. A brokerctl inside acquires only the locks that are missing. It asks the broker whether
// the enclosures still hold their locks, because a process that outlives the run, such as a daemon, keeps the variable.
const heldVariable = "LOCKBROKER_HELD"

// An enclosure is the request of a run that started this process.
type enclosure struct {
	ID      string   `json:"id"`
	Token   int64    `json:"token"`
	Names   []string `json:"names"`
	PID     int      `json:"pid"`     // of the brokerctl that holds the locks
	Session int      `json:"session"` // the operating system's session of that brokerctl
}

// ancestors returns the runs that started this process, outermost first, even if they no longer enclose it.
func ancestors() (found []enclosure, err error) {
	text := os.Getenv(heldVariable)
	if text == "" {
		return nil, nil
	}
	err = json.Unmarshal([]byte(text), &found)
	for _, e := range found {
		if !wire.ParseID(e.ID).Valid() || len(e.Names) == 0 {
			err = errors.New("invalid request id, or no names")
		}
	}
	if err != nil {
		return nil, &cli.Failure{
			Err:  fmt.Errorf("%s was not written by brokerctl run: %w", heldVariable, err),
			Hint: "remove the variable, unless this is inside a brokerctl run", Code: cli.ExitUsage,
		}
	}
	return found, nil
}

// enclosures returns the runs that enclose this process, outermost first. A process that has left the session of a
// run, as daemons do, is no longer inside it: the run does not wait for it.
func enclosures() ([]enclosure, error) {
	found, err := ancestors()
	return slices.DeleteFunc(found, func(e enclosure) bool { return e.Session != sessionID() }), err
}

// hasAncestor reports whether one of the holders is a run that started this process. If this process has left the
// session of that run, as under setsid --wait or script, it may wait for a lock that the run releases only after this
// process has ended.
func hasAncestor(holders []wire.RequestInfo) bool {
	found, _ := ancestors() // An error was reported earlier.
	return slices.ContainsFunc(holders, func(r wire.RequestInfo) bool {
		return slices.ContainsFunc(found, func(e enclosure) bool { return e.is(r) })
	})
}

func (e enclosure) is(r wire.RequestInfo) bool { return e.ID == r.ID.String() && e.Token == r.Token }

// held asks the broker which of the names e holds, and returns e's request for each of them. If e was granted none of
// the names, held looks for one of e's other locks instead. The map is nil if e holds no lock there: it has ended, or
// belongs to another broker.
func (e enclosure) held(ctx context.Context, client *wsclient.Client, names []string) (
	map[string]wire.RequestInfo, error) {
	common := slices.DeleteFunc(slices.Clone(e.Names),
		func(name string) bool { return !slices.Contains(names, name) })
	if len(common) == 0 {
		common = e.Names[:1] // Any one of e's locks shows whether e still holds them.
	}
	var held map[string]wire.RequestInfo
	for _, name := range common {
		options := &wsclient.InfoOptions{Match: glob.Escape(name), Queue: wire.MaxQueue, Whole: true}
		for lock, err := range client.Info(ctx, options) {
			if err != nil {
				return nil, err
			}
			for _, r := range lock.Holders {
				if e.is(r) && !r.Gone {
					if held == nil {
						held = make(map[string]wire.RequestInfo)
					}
					held[name] = r
				}
			}
		}
	}
	return held, nil
}
