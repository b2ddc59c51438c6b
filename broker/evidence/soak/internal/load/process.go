//go:build linux

package load

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"sync"

	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/record"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/resource"
)

// A process has the clients of a client process, and what they share.
type process struct {
	config   Config
	out      *output
	gate     *gate
	stalls   stalls
	resource *resource.Resource
	victims  victims
	clients  []*client
}

// Run makes operations with the clients of config, until in ends. It reads commands from in, and writes reports to out.
func Run(config Config, in io.Reader, out io.Writer) error {
	r, err := resource.Open(config.Resource)
	if err != nil {
		return err
	}
	p := &process{config: config, gate: newGate(), resource: r}
	p.out = newOutput(out, &p.stalls)
	ctx, cancel := context.WithCancel(context.Background())
	var background, serving sync.WaitGroup
	flushed := make(chan struct{})
	background.Go(func() { p.out.flushUntil(flushed) })
	background.Go(func() { p.stalls.watch(ctx) })
	for n := range config.Clients {
		seed := rand.NewPCG(config.Seed, uint64(n))
		p.clients = append(p.clients, &client{
			process: p, n: n, random: rand.New(seed), watches: (config.Seed+uint64(n))%3 == 0,
		})
	}
	serving.Go(func() { p.serve(ctx, in) })
	serving.Wait()
	cancel()
	p.close()
	close(flushed)
	background.Wait()
	return nil
}

// serve connects the clients, starts them, and obeys commands until in ends.
func (p *process) serve(ctx context.Context, in io.Reader) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	commands := make(chan string)
	running.Go(func() {
		defer cancel()
		readCommands(ctx, in, commands)
	})
	p.connect(ctx)
	p.out.write(record.Line{Ready: &record.Ready{}})
	for _, c := range p.clients {
		running.Go(func() { c.serve(ctx) })
	}
	running.Go(func() { p.reportIdle(ctx) })
	for {
		select {
		case command := <-commands:
			p.obey(ctx, command)
		case <-ctx.Done():
			return
		}
	}
}

func readCommands(ctx context.Context, in io.Reader, commands chan<- string) {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		select {
		case commands <- lines.Text():
		case <-ctx.Done():
			return
		}
	}
}

// connect connects all clients. It fails only when ctx ends.
func (p *process) connect(ctx context.Context) {
	p.forAll(func(c *client) { c.reconnect(ctx) })
}

// forAll calls f for all clients that have a connection, or are to get their first one, concurrently.
func (p *process) forAll(f func(c *client)) {
	var all sync.WaitGroup
	for _, c := range p.clients {
		all.Go(func() { f(c) })
	}
	all.Wait()
}

// close closes all clients.
func (p *process) close() {
	p.forAll(func(c *client) {
		if conn := c.connection(); conn != nil {
			_ = conn.Close()
		}
	})
}

// obey carries out a command.
func (p *process) obey(ctx context.Context, command string) {
	switch command {
	case record.Pause:
		p.gate.pause()
	case record.Resume:
		p.gate.resume()
	case record.Hold:
		p.holdInCalm(ctx)
		p.list()
	case record.List:
		p.list()
	case record.Drop:
		p.dropInCalm()
		p.list()
	case record.Memory:
		runtime.GC()
		runtime.GC() // the second collects what finalizers have freed
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		p.out.write(record.Line{Memory: &record.Usage{
			Heap: int64(memory.HeapAlloc), Goroutines: runtime.NumGoroutine(),
		}})
	default:
		p.out.unexpected("command", fmt.Errorf("%q is unknown", command))
	}
}
