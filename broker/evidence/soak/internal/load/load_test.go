//go:build linux

package load

import (
	"bufio"
	"encoding/json"
	"io"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/record"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/resource"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A driver is the other end of a client process that runs in this one.
type driver struct {
	t       *testing.T
	in      io.WriteCloser
	reports chan record.Line
	ended   chan error
}

func startProcess(t *testing.T, clients int) *driver {
	t.Helper()
	url, stop, err := brokertest.Listen(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	path := filepath.Join(t.TempDir(), "resource")
	if err := resource.Create(path, Cells(2)); err != nil {
		t.Fatal(err)
	}
	in, commands := io.Pipe()
	out, reports := io.Pipe()
	d := &driver{t: t, in: commands, reports: make(chan record.Line), ended: make(chan error, 1)}
	config := Config{
		Name: "test", URL: url, Clients: clients, Seed: 1, Names: 2, Think: time.Millisecond,
		Timeout:  15 * time.Second,
		Resource: path,
	}
	go func() {
		err := Run(config, in, reports)
		_ = reports.Close()
		d.ended <- err
	}()
	go d.read(out)
	return d
}

func (d *driver) read(out io.Reader) {
	defer close(d.reports)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var line record.Line
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			d.t.Errorf("%s: %v", lines.Bytes(), err)
		}
		d.reports <- line
	}
}

// command sends a command.
func (d *driver) command(text string) {
	d.t.Helper()
	if _, err := io.WriteString(d.in, text+"\n"); err != nil {
		d.t.Fatal(err)
	}
}

// await reads reports until one satisfies want. Nothing may be broken meanwhile.
func (d *driver) await(want func(record.Line) bool) record.Line {
	d.t.Helper()
	limit := time.After(time.Minute)
	for {
		select {
		case line, open := <-d.reports:
			switch {
			case !open:
				d.t.Fatal("the process has ended")
			case line.Violation != nil:
				d.t.Errorf("broken: %+v", line.Violation)
			case line.Counts != nil && len(line.Counts.Unexpected) > 0:
				d.t.Errorf("unexpected: %q", line.Counts.Unexpected)
			}
			if want(line) {
				return line
			}
		case <-limit:
			d.t.Fatal("no such report")
		}
	}
}

// TestRun runs a client process without faults: every operation happens, and the process obeys its commands.
func TestRun(t *testing.T) {
	const clients = 8
	d := startProcess(t, clients)
	seen := make(map[string]bool)
	d.await(func(line record.Line) bool {
		if line.Counts != nil {
			for key := range line.Counts.Operations {
				seen[key] = true
			}
		}
		for _, want := range []string{"exclusive: granted", "shared: granted", "counted: granted",
			"several: granted",
			"nested, inner: granted", "wait: granted", "give up: granted", "hold limit: granted",
			"long: granted",
			"new name: granted",
			"reentrant: granted", "loose: granted", "steal: granted", "evict: done", "once: granted",
			"elect: led",
			"ask about a wait: done", "watch alone: granted",
			"watch: done", "info: done", "clients: done", "why: done", "ping: done", "drain: done",
			"close: done"} {
			if !seen[want] {
				return false
			}
		}
		return true
	})
	d.command(record.Pause)
	d.await(func(line record.Line) bool { return line.Idle != nil && len(line.Idle.Busy) == 0 })
	d.command(record.Hold)
	holding := d.await(func(line record.Line) bool { return line.Holding != nil }).Holding
	if len(holding.Held) != 2*clients || len(holding.Sessions) != clients {
		t.Errorf("%d held in %d sessions, want two for each of %d", len(holding.Held), len(holding.Sessions),
			clients)
	}
	d.command(record.Drop)
	holding = d.await(func(line record.Line) bool { return line.Holding != nil }).Holding
	if len(holding.Held) != 0 {
		t.Errorf("%v held after the drop", holding.Held)
	}
	d.command(record.Memory)
	usage := d.await(func(line record.Line) bool { return line.Memory != nil }).Memory
	if usage.Heap <= 0 || usage.Goroutines < clients {
		t.Errorf("%+v", usage)
	}
	d.command(record.Resume)
	d.await(func(line record.Line) bool { return line.Hold != nil })
	_ = d.in.Close()
	for line := range d.reports {
		if line.Violation != nil {
			t.Errorf("broken at the end: %+v", line.Violation)
		}
	}
	if err := <-d.ended; err != nil {
		t.Error(err)
	}
}
