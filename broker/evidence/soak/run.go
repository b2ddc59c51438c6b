//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/faultproxy"
	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/judge"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/load"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/mono"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/resource"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A soak is one run.
type soak struct {
	config     *config
	random     *rand.Rand // belongs to the goroutine of the run
	dir        string     // for temporary files
	tally      *tally
	judge      *judge.Judge
	broker     *broker
	places     []*clients
	operator   *wsclient.Client // looks at the broker, without a proxy
	bystanders *bystanders
	draining   chan int64 // when the operator's client heard of a drain
	attack     sync.Mutex // held while hostile clients attack
	restarted  atomic.Bool
	end        time.Time
	cycles     int
	measures   []*measure
	life       map[string]int // of the broker, when a measure was taken last
}

// run runs a soak until its time is over or ctx ends. The error says that it could not run.
func run(ctx context.Context, c *config) (_ *report, err error) {
	if err := os.MkdirAll(c.Report, 0o750); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "soak-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s := newSoak(c, dir)
	defer s.killAll()
	if err := s.start(ctx); err != nil {
		return nil, err
	}
	s.tally.progress("%d clients in %d processes", s.clientCount(), len(s.places))
	s.cycle(ctx)
	r := s.report(ctx.Err() != nil)
	return r, r.write(c.Report)
}

func newSoak(c *config, dir string) *soak {
	t := newTally(c.Log)
	horizon := 10*c.Timeout + time.Minute
	return &soak{
		config:   c,
		random:   rand.New(rand.NewPCG(c.Seed, 0)),
		dir:      dir,
		tally:    t,
		judge:    judge.New(int64(horizon), t.violation),
		broker:   &broker{config: c, tally: t, dir: filepath.Join(dir, "state")},
		draining: make(chan int64, 1),
		end:      t.begin.Add(c.Duration),
		measures: newMeasures(),
		life:     make(map[string]int),
	}
}

// start starts the broker, and then everything that connects to it.
func (s *soak) start(ctx context.Context) error {
	if err := s.broker.start(false); err != nil {
		return err
	}
	if err := s.dial(ctx); err != nil {
		return err
	}
	path := filepath.Join(s.dir, "resource")
	if err := resource.Create(path, load.Cells(s.config.names())); err != nil {
		return err
	}
	for n, left := 0, s.config.Clients; left > 0; n++ {
		// The first process lives as long as the soak. Of the others every second one may be killed.
		place, err := s.place(fmt.Sprintf("go%d", n), n, min(left, s.config.PerProcess), path)
		if err != nil {
			return err
		}
		place.mortal = n%2 == 1
		place.command = func(c load.Config) (*exec.Cmd, error) { return roleCommand(clientsRole, c) }
		left -= place.config.Clients
	}
	if s.config.Node > 0 {
		program, err := newNodeProgram(filepath.Join(s.dir, "js"))
		if err != nil {
			return err
		}
		place, err := s.place("node", len(s.places), s.config.Node, path)
		if err != nil {
			return err
		}
		place.isNode, place.command = true, program.command
	}
	for _, place := range s.places {
		if err := place.start(); err != nil {
			return err
		}
	}
	for _, place := range s.places {
		if err := place.awaitReady(ctx, s.config.settleTime()+patience); err != nil {
			return err
		}
	}
	return nil
}

// dial makes the clients that connect without a proxy.
func (s *soak) dial(ctx context.Context) (err error) {
	address := "ws://" + s.broker.address
	s.operator, err = wsclient.Dial(ctx, address, &wsclient.Options{
		Label: "operator", WaitForBroker: true,
		Trace: &wsclient.Trace{State: func(state wsclient.State, _ error) {
			if state == wsclient.Draining {
				select {
				case s.draining <- mono.Now():
				default:
				}
			}
		}},
	})
	if err != nil {
		return err
	}
	client, err := wsclient.Dial(ctx, address, &wsclient.Options{Label: "bystander", WaitForBroker: true})
	if err != nil {
		return err
	}
	s.bystanders = &bystanders{
		client: client, broker: s.broker, tally: s.tally,
		pauses: &pauses{limit: s.config.lease() / 4, pids: func() []int {
			return []int{os.Getpid(), s.broker.current().pid()}
		}},
	}
	return nil
}

// place makes a place for a client process, with a proxy.
func (s *soak) place(name string, n, clientCount int, resourcePath string) (*clients, error) {
	proxy, err := faultproxy.Listen(s.broker.address)
	if err != nil {
		return nil, err
	}
	place := &clients{
		name: name, proxy: proxy, logs: s.config.Report, tally: s.tally, judge: s.judge,
		config: load.Config{
			URL: "ws://" + proxy.Addr(), Clients: clientCount, Seed: s.config.Seed*1000 + uint64(n),
			Names: s.config.names(), Think: s.config.Think, Timeout: s.config.Timeout,
			Resource: resourcePath,
		},
	}
	s.places = append(s.places, place)
	return place, nil
}

// cycle lets storms and calms alternate until the time is over. Then it ends all processes, and checks how they end.
func (s *soak) cycle(ctx context.Context) {
	background, stop := context.WithCancel(context.Background())
	defer stop()
	var running sync.WaitGroup
	running.Go(func() { s.bystanders.run(background) })
	running.Go(func() { s.bystanders.pauses.watch(background) })
	atRest := true
	for atRest && ctx.Err() == nil && (s.cycles == 0 || time.Now().Before(s.end)) {
		s.storm(ctx)
		begin := time.Now()
		atRest = s.calm(ctx)
		s.cycles++
		s.tally.progress("cycle %d: %d grants, %d faults, calm after %v", s.cycles, s.tally.granted(),
			sum(s.tally.faultCounts()), time.Since(begin).Round(time.Millisecond))
	}
	if ctx.Err() == nil && atRest {
		s.finish()
	}
	stop()
	running.Wait()
}

// finish ends all client processes and then the broker, which must end without an error.
func (s *soak) finish() {
	for _, place := range s.places {
		err := place.current().quit(patience)
		s.tally.check(promise.Memory, err == nil, "%s did not end cleanly: %v", place.name, err)
	}
	s.broker.beginTrouble()
	err := s.broker.stop()
	s.tally.check(promise.Drain, err == nil, "at the end: %v", err)
}

// killAll ends everything that runs.
func (s *soak) killAll() {
	for _, process := range s.processes() {
		process.kill()
	}
	for _, place := range s.places {
		place.proxy.Close()
	}
	if s.operator != nil {
		_ = s.operator.Close()
	}
	if s.bystanders != nil {
		_ = s.bystanders.client.Close()
	}
}

// processes returns the processes of the broker and of the clients.
func (s *soak) processes() []*child {
	var processes []*child
	if process := s.broker.current(); process != nil {
		processes = append(processes, process)
	}
	for _, place := range s.places {
		if process := place.current(); process != nil {
			processes = append(processes, process)
		}
	}
	return processes
}

// restartsAllowed reports whether the broker may end: in the first third of the run. A run of one cycle has no other.
func (s *soak) restartsAllowed() bool {
	return s.cycles == 0 || time.Since(s.tally.begin) < s.config.Duration/3
}

// clientCount returns how many clients there are in the client processes.
func (s *soak) clientCount() int { return s.config.Clients + s.config.Node }

func sum(counts map[string]int64) (sum int64) {
	for _, n := range counts {
		sum += n
	}
	return sum
}
