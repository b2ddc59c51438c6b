package etcdtest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
	"github.com/lockbroker/lockbroker/broker/etcd"
	"github.com/lockbroker/lockbroker/broker/internal/owner"
)

// A broker is a machine, a store, and the goroutine that does what the machine wants.
type broker struct {
	self    cluster.Broker
	machine *owner.Machine // belongs to the goroutine
	store   *etcd.Store
	started time.Time
	calls   chan func(now owner.Instant)
	terms   chan<- taken
	cancel  context.CancelFunc
	ctx     context.Context
	running sync.WaitGroup
}

// A taken says that a broker has become the owner.
type taken struct {
	by   *broker
	term int64
	at   time.Time
}

// startBroker starts a broker. It sends each term that it begins to terms. It ends with the test.
func startBroker(t *testing.T, id string, endpoints []string, terms chan<- taken) *broker {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	b := &broker{
		self: cluster.Broker{ID: id, Address: "ws://" + id}, store: openStore(t, endpoints),
		started: time.Now(),
		calls:   make(chan func(owner.Instant)), terms: terms, ctx: ctx, cancel: cancel,
	}
	b.machine = owner.New(owner.Config{
		// Twice what suits etcd, so that a busy machine does not depose an owner.
		Self: b.self, Takeover: 10 * time.Second, Timeout: 15 * time.Second, TokenRange: 1000,
	})
	b.running.Go(b.run)
	t.Cleanup(b.kill)
	return b
}

// kill ends a broker without a word.
func (b *broker) kill() {
	b.cancel()
	b.running.Wait()
}

// do has the goroutine make a call, and waits until it was made. It returns false if the broker has ended.
func (b *broker) do(call func(now owner.Instant)) bool {
	done := make(chan struct{})
	select {
	case b.calls <- func(now owner.Instant) { call(now); close(done) }:
		<-done
		return true
	case <-b.ctx.Done():
		return false
	}
}

// run runs the broker until it is killed.
func (b *broker) run() {
	term := int64(0)
	for b.ctx.Err() == nil {
		m, now := b.machine, b.now()
		m.Tick(now)
		if t := m.Term(); t != term {
			if term = t; term != 0 {
				b.terms <- taken{b, term, time.Now()}
			}
		}
		b.askStore(now)
		b.wait()
	}
}

// askStore makes the calls of the store that the machine wants.
func (b *broker) askStore(now owner.Instant) {
	m := b.machine
	if m.WantsHead(now) {
		call(b, m.Patience(), b.store.Head, m.HeadRead)
	}
	if m.WantsSessions(now) {
		call(b, 10*m.Patience(), b.store.Sessions, m.SessionsRead)
	}
	if w, wants := m.WantsWrite(now); wants {
		ask := func(ctx context.Context) (cluster.Head, error) { return b.store.Write(ctx, w) }
		call(b, m.Patience(), ask, m.Wrote)
	}
}

// wait waits for the next deadline or call.
func (b *broker) wait() {
	var due <-chan time.Time
	if at, some := b.machine.Deadline(b.now()); some {
		due = time.After(at - b.now().Mono)
	}
	select {
	case do := <-b.calls:
		do(b.now())
	case <-due:
	case <-b.ctx.Done():
	}
}

func (b *broker) now() owner.Instant {
	now := time.Now()
	return owner.Instant{Mono: now.Sub(b.started), Wall: time.Duration(now.UnixNano())}
}

// call makes a call of the store on a goroutine, and passes the result to the machine.
func call[T any](
	b *broker, patience time.Duration, ask func(context.Context) (T, error), answer func(owner.Instant, T, error),
) {
	b.running.Go(func() {
		ctx, cancel := context.WithTimeout(b.ctx, patience)
		defer cancel()
		result, err := ask(ctx)
		b.do(func(now owner.Instant) { answer(now, result, err) })
	})
}
