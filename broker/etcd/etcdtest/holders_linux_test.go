package etcdtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/history/event"
	"github.com/lockbroker/lockbroker/wsclient"
)

// Holders hold locks all the time. Each lock has a rival that waits for it. Who has lost a lock waits for it again.
type holders struct {
	t        *testing.T
	observed *observed
	cancel   context.CancelFunc
	ended    sync.WaitGroup
	clients  []*wsclient.Client

	now     atomic.Int64 // how many hold
	nowKept atomic.Int64 // how many of them are kept

	mu     sync.Mutex
	losses map[string]int // of kept holders, by their reasons
}

// hold starts holders. It returns when all locks are held.
func hold(t *testing.T, o *observed, brokers []*brokerd) *holders {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	h := &holders{t: t, observed: o, cancel: cancel}
	for n := range heldLocks {
		client := h.dial(urlsFrom(brokers, n), n >= *plain)
		h.start(ctx, client, n)
	}
	for n := range rivals {
		client := h.dial(urlsFrom(brokers, n), true)
		for lock := n; lock < heldLocks; lock += rivals {
			h.start(ctx, client, lock)
		}
	}
	return h
}

// A holder is a client that holds.
type holder struct {
	*wsclient.Client
	kept bool
	diary
}

func (h *holders) dial(urls string, kept bool) *holder {
	one := &holder{kept: kept}
	one.Client = dial(h.t, urls, kept, one.trace())
	h.clients = append(h.clients, one.Client)
	return one
}

func (h *holders) start(ctx context.Context, one *holder, n int) {
	h.ended.Go(func() {
		for ctx.Err() == nil {
			h.once(ctx, one, fmt.Sprintf("held/%d", n))
		}
	})
}

// sampling is how often a holder is asked whether it holds.
const sampling = 20 * time.Millisecond

// once acquires a lock, and holds it until it is lost, or ctx ends.
func (h *holders) once(ctx context.Context, one *holder, name string) {
	q := h.observed.call(name)
	lock, err := one.Acquire(ctx, name, nil)
	if err != nil {
		h.observed.end(q, event.Failed, err)
		return
	}
	h.observed.granted(q, lock.Token())
	h.add(one.kept, 1)
	defer h.add(one.kept, -1)
	sample := time.NewTicker(sampling)
	defer sample.Stop()
	for {
		if at := now(); lock.Valid() {
			h.observed.held(q, at)
		}
		select {
		case <-sample.C:
		case <-lock.Context().Done():
			lost := context.Cause(lock.Context())
			h.observed.end(q, event.Lost, lost)
			h.noteLoss(one, lost)
			return
		case <-ctx.Done():
			if err := lock.Release(); err != nil {
				h.observed.end(q, event.Lost, err)
			} else {
				h.observed.end(q, event.Released, nil)
			}
			return
		}
	}
}

func (h *holders) add(kept bool, n int64) {
	h.now.Add(n)
	if kept {
		h.nowKept.Add(n)
	}
}

func (h *holders) noteLoss(one *holder, why error) {
	if !one.kept {
		return
	}
	h.t.Logf("lost: %v\n%s", why, one)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.losses == nil {
		h.losses = make(map[string]int)
	}
	h.losses[reason(why)]++
}

// reason says why a lock was lost, without the names of the lock and of the broker.
func reason(why error) string {
	lost := new(wsclient.LostError)
	if !errors.As(why, &lost) {
		return why.Error()
	}
	text := fmt.Sprint(lost.Err)
	if _, after, ok := strings.Cut(text, " has ended: "); ok {
		text = after
	}
	return string(lost.Reason) + ": " + text
}

// holding returns how many locks are held, and kept how many by clients that are kept.
func (h *holders) holding() int64 { return h.now.Load() }
func (h *holders) kept() int64    { return h.nowKept.Load() }

// awaitAnswers waits until the owner has answered each client.
func (h *holders) awaitAnswers() {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), longest)
	defer cancel()
	var asking sync.WaitGroup
	defer asking.Wait()
	for _, c := range h.clients {
		asking.Go(func() {
			for {
				_, err := c.Ping(ctx)
				if err == nil {
					return
				}
				if ctx.Err() != nil {
					h.t.Errorf("a client has no connection: %v", err)
					return
				}
			}
		})
	}
}

// takeLosses returns how many kept holders have lost locks since the last call, by the reasons.
func (h *holders) takeLosses() map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	losses := h.losses
	h.losses = nil
	return losses
}

func (h *holders) finish() {
	h.cancel()
	h.ended.Wait()
	for _, c := range h.clients {
		_ = c.Close()
	}
}

func dial(t *testing.T, urls string, kept bool, trace *wsclient.Trace) *wsclient.Client {
	t.Helper()
	options := &wsclient.Options{Resume: kept, WaitForBroker: true, Trace: trace}
	client, err := wsclient.Dial(t.Context(), urls, options)
	if err != nil {
		t.Fatal(err)
	}
	return client
}
