//go:build linux

package load

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A gate lets operations begin while it is open, and knows those that have not ended.
type gate struct {
	mu   sync.Mutex
	open chan struct{} // closed while operations may begin
	next int
	busy map[int]operation
}

type operation struct {
	what  string
	begin time.Time
}

func newGate() *gate {
	g := &gate{open: make(chan struct{}), busy: make(map[int]operation)}
	close(g.open)
	return g
}

// enter waits until operations may begin. It returns a function that ends the operation, or nil when ctx ends.
func (g *gate) enter(ctx context.Context, what string) (end func()) {
	for {
		g.mu.Lock()
		open := g.open
		select {
		case <-open:
			n := g.next
			g.next++
			g.busy[n] = operation{what, time.Now()}
			g.mu.Unlock()
			return func() { g.end(n) }
		default:
		}
		g.mu.Unlock()
		select {
		case <-open:
		case <-ctx.Done():
			return nil
		}
	}
}

func (g *gate) end(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.busy, n)
}

func (g *gate) pause() {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.open:
		g.open = make(chan struct{})
	default:
	}
}

func (g *gate) isPaused() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.open:
		return false
	default:
		return true
	}
}

func (g *gate) resume() {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.open:
	default:
		close(g.open)
	}
}

// list describes the operations that have not ended, the oldest first, at most 20.
func (g *gate) list() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var numbers []int
	for n := range g.busy {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	var list []string
	for _, n := range numbers[:min(len(numbers), 20)] {
		o := g.busy[n]
		list = append(list, fmt.Sprintf("%s for %v", o.what, time.Since(o.begin).Round(time.Millisecond)))
	}
	return list
}
