package judge

import (
	"fmt"
	"maps"
	"sync"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/record"
)

// A Judge collects what holders report. Its methods may be called concurrently.
type Judge struct {
	horizon int64 // how long an interval is remembered, in nanoseconds
	report  func(*promise.Violation)

	mu     sync.Mutex
	checks map[promise.Promise]int64
	all    map[key]*interval
	order  []*interval // by arrival
	locks  map[string][]*interval
	quiet  []quiet
	newest int64 // the greatest From
	// Among the intervals that were forgotten: the greatest From and the greatest token.
	forgottenFrom, forgottenToken int64
}

type key struct {
	process string
	client  int
	n       int64
}

// An interval is a period during which a request certainly held its locks.
type interval struct {
	record.Holder
	process string
}

func (i *interval) String() string {
	return fmt.Sprintf("request %s of client %d in %s, token %d, from %d to %d", i.ID, i.Client, i.process,
		i.Token, i.From, i.To)
}

// overlaps reports whether both certainly held at some moment.
func (i *interval) overlaps(other *interval) bool { return i.From <= other.To && other.From <= i.To }

// New returns a judge. It remembers intervals for horizon nanoseconds. It calls report for each violation; report must
// not call the judge.
func New(horizon int64, report func(*promise.Violation)) *Judge {
	return &Judge{
		horizon: horizon,
		report:  report,
		checks:  make(map[promise.Promise]int64),
		all:     make(map[key]*interval),
		locks:   make(map[string][]*interval),
	}
}

// Checks returns how many checks of each promise there were.
func (j *Judge) Checks() map[promise.Promise]int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	checks := make(map[promise.Promise]int64)
	maps.Copy(checks, j.checks)
	return checks
}

// Hold records a holder of a process.
func (j *Judge) Hold(process string, h record.Holder) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := &interval{Holder: h, process: process}
	j.checkTokens(i)
	j.checkQuiet(i)
	j.all[key{process, h.Client, h.N}] = i
	j.order = append(j.order, i)
	for _, lock := range i.Locks {
		j.locks[lock.Name] = append(j.locks[lock.Name], i)
	}
	j.checkExclusion(i)
	j.newest = max(j.newest, i.From)
	j.forget()
}

// Sample extends a holder of a process.
func (j *Judge) Sample(process string, s record.Sample) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := j.all[key{process, s.Client, s.N}]
	if i == nil || s.To <= i.To {
		return
	}
	i.To = s.To
	j.checkExclusion(i)
}

// forget removes intervals that began long ago and have ended.
func (j *Judge) forget() {
	const batch = 256 // rather than one at a time
	limit := j.newest - j.horizon
	n := 0
	for n < len(j.order) && j.order[n].To < limit {
		n++
	}
	if n < batch {
		return
	}
	old := make(map[*interval]bool, n)
	for _, i := range j.order[:n] {
		old[i] = true
		delete(j.all, key{i.process, i.Client, i.N})
		j.forgottenFrom = max(j.forgottenFrom, i.From)
		j.forgottenToken = max(j.forgottenToken, i.Token)
	}
	j.order = append([]*interval(nil), j.order[n:]...)
	for name, list := range j.locks {
		kept := list[:0:0]
		for _, i := range list {
			if !old[i] {
				kept = append(kept, i)
			}
		}
		if len(kept) == 0 {
			delete(j.locks, name)
			continue
		}
		j.locks[name] = kept
	}
}
