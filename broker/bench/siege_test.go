package bench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/lockbroker/lockbroker/wsclient"
)

var (
	siegeLong = flag.Bool("siege", false,
		"TestSiege: attack with 300 connections for a minute of each kind, and bound latency and memory")
	siegeKind = flag.String("siegekind", "", "TestSiege: run only the attacks whose names contain this")
	siegeTime = flag.Duration("siegetime", 0, "TestSiege: how long each attack lasts")
)

// A siegeScale is how hard the broker is attacked.
type siegeScale struct {
	connections, crowd int
	time               time.Duration
}

// The limits of the long form: latencies of the victims, and the broker's memory.
const (
	siegeP50 = 5 * time.Millisecond
	siegeP99 = 100 * time.Millisecond
	siegeRSS = 1 << 30
)

// TestSiege attacks a broker with many connections that send what the protocol allows. Meanwhile other clients must
// keep their locks and be granted new ones: a broker under load may be slow, but must not lose locks.
func TestSiege(t *testing.T) {
	scale := siegeScale{connections: 20, crowd: 20_000, time: 500 * time.Millisecond}
	if *siegeLong {
		scale = siegeScale{connections: 300, crowd: 360_000, time: time.Minute}
	}
	if *siegeTime != 0 {
		scale.time = *siegeTime
	}
	for _, kind := range attacks {
		if strings.Contains(kind.name, *siegeKind) {
			t.Run(kind.name, func(t *testing.T) { besiege(t, kind.name, scale) })
		}
	}
}

func besiege(t *testing.T, kind string, scale siegeScale) {
	asIs := func(start func() error) error { return start() }
	broker := startRole(t, roleBounded, asIs)
	ctx, cancel := context.WithCancel(t.Context())
	var victims []*victim
	for i := range 4 {
		victims = append(victims, newVictim(ctx, t, broker.address, i))
	}
	attacking := startRole(t, attackRole(kind, broker.address, scale.connections, scale.crowd), asIs)
	var living sync.WaitGroup
	for _, v := range victims {
		living.Go(func() { v.live(ctx) })
	}
	<-time.After(scale.time)
	cancel()
	living.Wait()
	took := newHistogram()
	for i, v := range victims {
		if v.lost.Load() > 0 {
			t.Errorf("victim %d lost locks: %v", i, v.err)
		}
		if v.pairs == 0 {
			t.Errorf("victim %d was granted no lock", i)
		}
		took.Merge(v.took)
	}
	p50, p99 := time.Duration(took.ValueAtQuantile(50)), time.Duration(took.ValueAtQuantile(99))
	rss := peakMemory(t, broker)
	_ = attacking.stdin.Close()
	did, _ := strconv.Atoi(attacking.readLine())
	if did == 0 {
		t.Error("the attacker did nothing")
	}
	t.Logf("%d acquires, p50 %v, p99 %v, most %v; the broker used %d MiB at most; %d hostile actions",
		took.TotalCount(), p50.Round(10*time.Microsecond), p99.Round(10*time.Microsecond),
		time.Duration(took.Max()).Round(time.Millisecond), rss>>20, did)
	if *siegeLong && (p50 > siegeP50 || p99 > siegeP99 || rss > siegeRSS) {
		t.Errorf("want p50 %v, p99 %v and %d MiB at most", siegeP50, siegeP99, siegeRSS>>20)
	}
}

// A victim holds one lock all the time, and acquires and releases another one again and again.
type victim struct {
	client *wsclient.Client
	held   *wsclient.Lock
	name   string
	took   *hdrhistogram.Histogram
	pairs  int
	lost   atomic.Int64
	err    error
}

func newVictim(ctx context.Context, t *testing.T, address string, n int) *victim {
	t.Helper()
	client, err := wsclient.Dial(ctx, "ws://"+address, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	v := &victim{client: client, name: fmt.Sprint("victim/", n), took: newHistogram()}
	if v.held, err = client.Acquire(ctx, v.name+"/held", nil); err != nil {
		t.Fatal(err)
	}
	return v
}

func (v *victim) live(ctx context.Context) {
	stop := context.AfterFunc(v.held.Context(), func() { v.lose(context.Cause(v.held.Context())) })
	defer stop()
	for ctx.Err() == nil {
		begin := time.Now()
		lock, err := v.client.Acquire(ctx, v.name, nil)
		record(v.took, time.Since(begin))
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				v.lose(err)
			}
			return
		}
		if err := lock.Release(); err != nil {
			v.lose(err)
			return
		}
		v.pairs++
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
		}
	}
}

func (v *victim) lose(err error) {
	if v.lost.Add(1) == 1 {
		v.err = err
	}
}

// peakMemory returns the greatest resident memory of the process in bytes, or 0 if the system does
// not report it.
func peakMemory(t *testing.T, p *process) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}
