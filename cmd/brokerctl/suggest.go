package main

import (
	"context"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/complete"
	"github.com/lockbroker/lockbroker/wsclient"
)

// What the Tab key may cost: somebody waits, and reads a screenful at most.
const (
	suggestWait  = 300 * time.Millisecond // connecting included
	suggestMax   = 1000                   // locks looked at, and suggestions
	suggestQueue = 20                     // of each lock, where it is about requests
)

// sources are what the tag "complete" names. Each asks for that long at most.
func sources(wait time.Duration) map[string]complete.Source {
	ask := func(questions ...question) complete.Source { return ask(wait, questions) }
	return map[string]complete.Source{
		"lock":    ask(names(true, func(wire.LockInfo) bool { return true })),
		"held":    ask(names(false, func(l wire.LockInfo) bool { return l.Holding > 0 })),
		"pattern": ask(patterns),
		"request": ask(requests(func(l wire.LockInfo) []wire.RequestInfo { return slices.Concat(l.Holders, l.Waiters) })),
		"waiter": ask(names(false, func(l wire.LockInfo) bool { return l.Waiting > 0 }),
			requests(func(l wire.LockInfo) []wire.RequestInfo { return l.Waiters })),
	}
}

// A question is what to ask a broker, and what its answers suggest.
type question func(prefix string) (wsclient.InfoOptions, func(wire.LockInfo) []complete.Suggestion)

// ask puts questions to the broker that a command is for. What has come when the
// time is over, or the broker fails, is suggested.
func ask(wait time.Duration, questions []question) complete.Source {
	return func(ctx context.Context, command any, prefix string) []complete.Suggestion {
		ctx, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		t, ok := command.(interface {
			dial(context.Context) (*wsclient.Client, error)
		})
		if !ok {
			return nil
		}
		client, err := t.dial(ctx)
		if err != nil {
			return nil
		}
		var found []complete.Suggestion
		for _, q := range questions {
			found = append(found, answers(ctx, client, prefix, q)...)
		}
		if ctx.Err() == nil {
			_ = client.Close() // else it might wait, for a broker that does not answer
		}
		return found
	}
}

func answers(ctx context.Context, client *wsclient.Client, prefix string, q question) (found []complete.Suggestion) {
	options, suggest := q(prefix)
	seen := 0
	for lock, err := range client.Info(ctx, &options) {
		if err != nil {
			break
		}
		found = append(found, suggest(lock)...)
		if seen++; seen == suggestMax || len(found) >= suggestMax {
			break
		}
	}
	return found[:min(len(found), suggestMax)]
}

// names suggests the names of locks, of those that nobody wants any more as well
// if empty.
func names(empty bool, fit func(wire.LockInfo) bool) question {
	return func(prefix string) (wsclient.InfoOptions, func(wire.LockInfo) []complete.Suggestion) {
		return wsclient.InfoOptions{Match: prefixGlob(prefix), Empty: empty, Queue: 1},
			func(lock wire.LockInfo) []complete.Suggestion {
				if !fit(lock) {
					return nil
				}
				return []complete.Suggestion{{Value: lock.Name}}
			}
	}
}

// patterns suggests globs that match one lock each. Behind a * or the like there
// is nothing to suggest.
func patterns(prefix string) (wsclient.InfoOptions, func(wire.LockInfo) []complete.Suggestion) {
	name, _ := glob.Name(prefix)
	return wsclient.InfoOptions{Match: prefixGlob(name), Queue: 1},
		func(lock wire.LockInfo) []complete.Suggestion {
			return []complete.Suggestion{{Value: glob.Escape(lock.Name)}}
		}
}

// requests suggests the ids of some of the requests of each lock, and says whose
// they are. A broker knows no globs over ids: it is asked for all.
func requests(which func(wire.LockInfo) []wire.RequestInfo) question {
	return func(string) (wsclient.InfoOptions, func(wire.LockInfo) []complete.Suggestion) {
		seen := make(map[wire.ID]bool) // one for several locks
		return wsclient.InfoOptions{Queue: suggestQueue, Page: suggestMax / 10},
			func(lock wire.LockInfo) (found []complete.Suggestion) {
				for _, r := range which(lock) {
					if !seen[r.ID] {
						seen[r.ID] = true
						found = append(found, complete.Suggestion{Value: r.ID.String(), About: about(lock, r)})
					}
				}
				return found
			}
	}
}

// about says in a few words what a request is.
func about(lock wire.LockInfo, r wire.RequestInfo) string {
	text := "waits for " + printable.Text(lock.Name)
	if r.Token > 0 {
		text = "holds " + printable.Text(lock.Name)
	}
	if r.Author != "" {
		text += ", @" + printable.Text(r.Author)
	}
	return text
}

// prefixGlob matches the names that begin so. "**" crosses slashes only where it
// stands between them.
func prefixGlob(prefix string) string {
	if prefix == "" {
		return ""
	}
	return glob.Escape(prefix) + "{*,*/**}"
}
