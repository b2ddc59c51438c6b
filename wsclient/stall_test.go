package wsclient_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A stalling broker answers nothing for a while, as if its machine had stood still. It does one handshake after
// another, and also does those whose clients have given up.
type stalling struct {
	link *brokertest.Link
	cost time.Duration // of a handshake

	mu    sync.Mutex
	free  time.Time // when it can do the next handshake
	dials int
}

func (s *stalling) dial(ctx context.Context, network, address string) (net.Conn, error) {
	s.mu.Lock()
	now := time.Now()
	if s.free.Before(now) {
		s.free = now
	}
	s.free = s.free.Add(s.cost)
	s.dials++
	done := time.NewTimer(s.free.Sub(now))
	s.mu.Unlock()
	defer done.Stop()
	select {
	case <-done.C:
		return s.link.Dial(ctx, network, address)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *stalling) stall(d time.Duration) {
	s.mu.Lock()
	s.free = time.Now().Add(d)
	s.dials = 0
	s.mu.Unlock()
	s.link.Freeze()
	pass(d)
	s.link.Thaw()
}

// When a broker with many clients stalls for longer than they wait for an answer, all of them connect again at once. If
// the handshakes of all take longer than the attempts may, the broker does most of them for nothing, and clients lose
// their locks. This test prints how many. The model is harsh: no handshake that is given up becomes any cheaper.
func TestStallOfABrokerWithManyClients(t *testing.T) {
	for _, stall := range []time.Duration{3, 4, 5} {
		for _, work := range []time.Duration{1, 2, 4} {
			stalled, all := stall*time.Second, work*time.Second
			lost, clients, dials := stallWith(t, stalled, all)
			const format = "a stall of %v, all handshakes take %v: %d of %d locks lost, %.1f attempts each"
			t.Logf(format, stalled, all, lost, clients, float64(dials)/float64(clients))
			if lost > 0 && (stall <= 3 || work <= 1) {
				t.Errorf("locks are lost after a stall of %v, with handshakes of %v", stalled, all)
			}
		}
	}
}

// stallWith stalls a broker, and returns how many of its clients lose their locks, and how many attempts they make. The
// handshakes of all clients take it that long.
func stallWith(t *testing.T, stall, all time.Duration) (lost, clients, dials int) {
	clients = 100
	synctest.Test(t, func(t *testing.T) {
		b := brokertest.Start(t, broker.Config{Drain: broker.None, StateDir: t.TempDir()})
		s := &stalling{link: b.NewLink()}
		var locks []*wsclient.Lock
		for n := range clients {
			c := dial(t, b, wsclient.Options{Resume: true, NetDial: s.dial})
			locks = append(locks, acquire(t.Context(), t, c, fmt.Sprint(n), wsclient.AcquireOptions{}))
			pass(2500 * time.Millisecond / time.Duration(clients))
		}
		pass(5 * time.Second)
		s.cost = all / time.Duration(clients)
		s.stall(stall)
		pass(20 * time.Second)
		for _, lock := range locks {
			if !lock.Valid() {
				lost++
			}
		}
		dials = s.dials
	})
	return lost, clients, dials
}
