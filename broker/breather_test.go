package broker

import (
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// While goroutines take turns on the only processor, Go does not poll the network. A goroutine that
// takes a breath finds what has arrived before it, although the others never stop.
func TestBreathPollsTheNetwork(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	client, server := loopback(t)
	b := newBreather()
	defer b.close()
	if b.reading == nil {
		t.Skip("this system cannot poll pipes")
	}
	var arrived atomic.Bool
	var reading sync.WaitGroup
	reading.Go(func() {
		_, _ = server.Read(make([]byte, 1))
		arrived.Store(true)
	})
	runtime.Gosched() // it waits for the network
	if _, err := client.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	for range 100 { // a breath may be too short on a busy machine
		b.breathe()
		runtime.Gosched()
		if arrived.Load() {
			break
		}
	}
	if !arrived.Load() {
		t.Error("the network was not polled")
	}
	reading.Wait()
}

// Breaths of several goroutines at the same time all end.
func TestManyBreathe(t *testing.T) {
	b := newBreather()
	var breathing sync.WaitGroup
	for range 8 {
		breathing.Go(func() {
			for range 100 {
				b.breathe()
			}
		})
	}
	breathing.Wait()
	b.close()
	b.breathe() // a short one, without the pipe
	if b.isDue() {
		t.Log("somebody else needed the processor for long")
	}
}

// Goroutines that want a breath at the same time share one, so nobody waits for a breath of each.
func TestBreathIsShared(t *testing.T) {
	b := newBreather()
	defer b.close()
	b.mu.Lock()
	var breathing sync.WaitGroup
	const all = 100
	calling := make(chan struct{}, all)
	for range all {
		breathing.Go(func() {
			calling <- struct{}{}
			b.breathe()
		})
	}
	for range all {
		<-calling
	}
	b.began = b.now() + time.Hour // a breath has begun since
	b.mu.Unlock()
	breathing.Wait()
	if b.last.Load() != 0 {
		t.Error("somebody took a breath of his own")
	}
}

// loopback returns both ends of a connection.
func loopback(t *testing.T) (client, server net.Conn) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	if client, err = (&net.Dialer{}).DialContext(t.Context(), "tcp4", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = client.Close(), server.Close() })
	return client, server
}
