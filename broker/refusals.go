package broker

import (
	"strings"
	"sync/atomic"
)

// A limit is a limit of the broker, by which it refuses something.
type limit uint8

const (
	noLimit limit = iota
	limitConnections
	limitAddressConnections
	limitIdentityConnections
	limitRequests
	limitShareRequests
	limitShareWaiting
	limitShareAcquires
	limitSessionRequests
	limitSearch
	limitWatches
	limitShareWatches
	limitSessionWatches
	limitMemory
	limits // the number of limits, and of noLimit
)

// String returns the name of a limit in the log.
func (l limit) String() string {
	return [limits]string{
		limitConnections:         "connections",
		limitAddressConnections:  "connections of one address",
		limitIdentityConnections: "connections of one identity",
		limitRequests:            "requests",
		limitShareRequests:       "requests of one identity or address",
		limitShareWaiting:        "waiting requests of one identity or address",
		limitShareAcquires:       "acquires a second of one identity or address",
		limitSessionRequests:     "requests of one session",
		limitSearch:              "length of a search for a deadlock",
		limitWatches:             "watches",
		limitShareWatches:        "watches of one identity or address",
		limitSessionWatches:      "watches of one session",
		limitMemory:              "memory",
	}[l]
}

// label returns the name of a limit in the metrics.
func (l limit) label() string { return strings.ReplaceAll(l.String(), " ", "_") }

// refusals counts how often each limit has made the broker refuse something.
type refusals struct{ counts [limits]atomic.Int64 }

func (r *refusals) add(l limit) { r.counts[l].Add(1) }

// of returns how often a limit has made the broker refuse something.
func (r *refusals) of(l limit) int64 { return r.counts[l].Load() }
