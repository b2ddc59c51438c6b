//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A pauses notes when the kernel gave the broker or the soak no processor for so long that clients may lose their
// leases. That is the fault of a busy machine, and not of the broker.
type pauses struct {
	limit time.Duration // a shorter pause does not count
	pids  func() []int  // of the processes to watch

	mu    sync.Mutex
	last  time.Time // when the last pause ended, or soon after
	count int
}

// watch notes pauses until ctx ends.
func (p *pauses) watch(ctx context.Context) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	waited := make(map[string]time.Duration)
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		now := make(map[string]time.Duration)
		for _, pid := range p.pids() {
			readWaits(pid, now)
		}
		for thread, wait := range now {
			if before, known := waited[thread]; known && wait-before > p.limit {
				p.note()
			}
		}
		waited = now
	}
}

func (p *pauses) note() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = time.Now()
	p.count++
}

// near reports whether the last pause ended shortly before t, or later.
func (p *pauses) near(t time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last.After(t.Add(-4 * p.limit))
}

// total returns how many pauses there were.
func (p *pauses) total() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

// readWaits adds for how long each thread of a process has been ready to run, and has waited for a processor. The
// kernel adds a wait when it ends. A kernel that does not tell has no such file.
func readWaits(pid int, waits map[string]time.Duration) {
	paths, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		return
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // the thread has ended
		}
		if fields := strings.Fields(string(text)); len(fields) == 3 {
			ns, _ := strconv.ParseInt(fields[1], 10, 64) // 0 if the format is unknown
			waits[path] = time.Duration(ns)
		}
	}
}
