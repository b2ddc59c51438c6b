package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/complete"
	"github.com/lockbroker/lockbroker/wsclient"
)

// Bounds on the work for one Tab. The user waits for it and reads at most a screenful.
const (
	suggestWait  = 300 * time.Millisecond // including the time to connect
	suggestMax   = 1000                   // locks to read, and suggestions
	suggestQueue = 20                     // requests of each lock, when suggesting requests
)

// sources maps each value of the tag "complete" to its source. Each source waits for the broker for at most the time
// wait.
func sources(wait time.Duration) map[string]complete.Source {
	ask := func(queries ...query) complete.Source { return queryBroker(wait, queries) }
	return map[string]complete.Source{
		"lock":    ask(names(true, func(wire.LockInfo) bool { return true })),
		"held":    ask(names(false, func(l wire.LockInfo) bool { return l.Holding > 0 })),
		"pattern": ask(patterns),
		"request": ask(requests(func(l wire.LockInfo) []wire.RequestInfo {
			return slices.Concat(l.Holders, l.Waiters)
		})),
		"label":   suggestClients(wait, labelOf),
		"session": suggestClients(wait, sessionOf),
		"waiter": ask(names(false, func(l wire.LockInfo) bool { return l.Waiting > 0 }),
			requests(func(l wire.LockInfo) []wire.RequestInfo { return l.Waiters })),
	}
}

// A query takes the prefix of a word. It returns which locks to read, and a function that turns each of them into
// suggestions.
type query func(prefix string) (wsclient.InfoOptions, func(wire.LockInfo) []complete.Suggestion)

// queryBroker returns a source that queries the broker of the command. When the time is up or the broker fails,
// it suggests what it has.
func queryBroker(wait time.Duration, queries []query) complete.Source {
	return func(ctx context.Context, command any, prefix string) []complete.Suggestion {
		ctx, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		t, ok := command.(interface {
			inspect(context.Context) (*wsclient.Client, error)
		})
		if !ok {
			return nil
		}
		client, err := t.inspect(ctx)
		if err != nil {
			return nil
		}
		var found []complete.Suggestion
		for _, q := range queries {
			found = append(found, answers(ctx, client, prefix, q)...)
		}
		if ctx.Err() == nil {
			_ = client.Close() // After the timeout, Close could wait for a broker that does not answer.
		}
		return found
	}
}

func answers(ctx context.Context, client *wsclient.Client, prefix string, q query) (found []complete.Suggestion) {
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

// names suggests the names of the locks that fit. With empty, it includes free locks.
func names(empty bool, fit func(wire.LockInfo) bool) query {
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

// patterns suggests globs that match one lock each. It suggests nothing after a wildcard.
func patterns(prefix string) (wsclient.InfoOptions, func(wire.LockInfo) []complete.Suggestion) {
	name, _ := glob.Name(prefix)
	return wsclient.InfoOptions{Match: prefixGlob(name), Queue: 1},
		func(lock wire.LockInfo) []complete.Suggestion {
			return []complete.Suggestion{{Value: glob.Escape(lock.Name)}}
		}
}

// requests suggests the ids of some requests of each lock, with a description. The broker has no globs over
// ids, so the query reads all locks. An id begins with a # if the prefix does, as in the listing.
func requests(which func(wire.LockInfo) []wire.RequestInfo) query {
	return func(prefix string) (wsclient.InfoOptions, func(wire.LockInfo) []complete.Suggestion) {
		seen := make(map[wire.ID]bool) // A request can be in several locks.
		mark := ""
		if strings.HasPrefix(prefix, "#") {
			mark = "#"
		}
		return wsclient.InfoOptions{Queue: suggestQueue, Page: suggestMax / 10},
			func(lock wire.LockInfo) (found []complete.Suggestion) {
				for _, r := range which(lock) {
					if !seen[r.ID] {
						seen[r.ID] = true
						s := complete.Suggestion{Value: mark + r.ID.String(), About: about(lock, r)}
						found = append(found, s)
					}
				}
				return found
			}
	}
}

// about describes a request in a few words.
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

// prefixGlob returns a glob that matches the names with a prefix. It needs two alternatives, because "**" crosses
// slashes only where it is a whole part between slashes.
func prefixGlob(prefix string) string {
	if prefix == "" {
		return ""
	}
	return glob.Escape(prefix) + "{*,*/**}"
}
