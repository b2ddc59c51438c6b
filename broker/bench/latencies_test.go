package bench

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// mostLatencies is how many histograms the workers of a contender have at most. Each has 30 KB: with one for each of
// 10,000 workers, the load would mostly wait for its own memory.
const mostLatencies = 64

// Latencies are what operations of some workers took.
type latencies struct {
	mu   sync.Mutex
	took *hdrhistogram.Histogram
}

func (l *latencies) add(took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	record(l.took, took)
}

// newLatencies gives each worker latencies, which it shares with others if there are many workers.
func newLatencies(workers []*worker) []*latencies {
	all := make([]*latencies, min(len(workers), mostLatencies))
	for i := range all {
		all[i] = &latencies{took: newHistogram()}
	}
	for i, w := range workers {
		w.took = all[i%len(all)]
	}
	return all
}
