package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/listing"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A waitReport tells the user who is in the way while a request waits. On a terminal it keeps one line up to date.
// Elsewhere it prints a line, and another one when it finds the connection in another state. When the request is
// granted, one line says what it has waited for, and how long.
type waitReport struct {
	client *wsclient.Client
	names  []string
	out    io.Writer
	begin  time.Time
	waited string // what the last report found in the way
}

const (
	// reportDelay is how long a request waits before the first report.
	reportDelay = 500 * time.Millisecond
	// reportInterval is the time between two updates on a terminal.
	reportInterval = time.Second
	// reportQueue is how many waiters of a lock each update reads.
	reportQueue = 1000
)

// writeTime is how long stop waits for the output. A pipe that nobody reads must not keep a lock from being used, or a
// signal from ending the wait.
const writeTime = time.Second

// start reports until ctx ends or the caller calls stop, with whether the request was granted.
func (w *waitReport) start(ctx context.Context) (stop func(granted bool)) {
	ctx, cancel := context.WithCancel(ctx)
	stopped := make(chan struct{})
	over := make(chan bool, 1)
	go func() {
		defer close(stopped)
		if w.run(ctx) && <-over {
			text := "waited " + listing.Age(time.Since(w.begin)) + " for " + w.waited
			_, _ = fmt.Fprintln(w.out, "brokerctl:", text)
		}
	}()
	return func(granted bool) {
		over <- granted
		cancel()
		select {
		case <-stopped:
		case <-time.After(writeTime):
		}
	}
}

// run reports until ctx ends. It returns whether it has reported anything.
func (w *waitReport) run(ctx context.Context) bool {
	w.waited = printable.Text(w.names[0])
	if !cli.Pause(ctx, reportDelay) {
		return false
	}
	terminal := screen.Terminal(w.out)
	if terminal == nil {
		w.printStates(ctx)
		return true
	}
	for more := true; more; more = cli.Pause(ctx, reportInterval) {
		_ = screen.Renew(terminal, w.text(ctx))
	}
	_ = screen.Renew(terminal, "")
	return true
}

// printStates prints a line now, and another one when it finds the connection in another state.
func (w *waitReport) printStates(ctx context.Context) {
	printed := wsclient.Closed
	for more := true; more; more = cli.Pause(ctx, reportInterval) {
		if state := w.client.State(); state != printed {
			_, _ = fmt.Fprintln(w.out, "brokerctl:", w.text(ctx))
			printed = state
		}
	}
}

// text returns the current report.
func (w *waitReport) text(ctx context.Context) string {
	what := printable.Text(w.names[0])
	switch w.client.State() {
	case wsclient.Connected:
		what = w.obstacle(ctx)
	case wsclient.NotGranting:
		what += "; " + notGranting(w.client)
	case wsclient.Draining:
		what += ", from a broker that is about to stop"
	default:
		what += ", without a connection to the broker"
	}
	return fmt.Sprintf("waiting %s for %s", listing.Age(time.Since(w.begin)), what)
}

// obstacle describes the first lock that is not free, and who is in the way there.
func (w *waitReport) obstacle(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, reportInterval)
	defer cancel()
	for _, name := range w.names {
		if lock, ahead := w.position(ctx, name); ahead > 0 || ahead == 0 && lock.Holding > 0 {
			w.waited = describeHolder(lock)
			return describeObstacle(lock, ahead)
		}
	}
	return printable.Text(w.names[0])
}

// position returns a lock and the number of waiters ahead of this client in its queue, or reportQueue if there may be
// more. The number is -1 if this client does not wait for the lock.
func (w *waitReport) position(ctx context.Context, name string) (found wire.LockInfo, ahead int) {
	ahead = -1
	options := &wsclient.InfoOptions{Match: glob.Escape(name), Queue: reportQueue}
	for lock, err := range w.client.Info(ctx, options) {
		if err != nil {
			continue // The next update may succeed.
		}
		session := w.client.Session()
		ahead = slices.IndexFunc(lock.Waiters, func(r wire.RequestInfo) bool { return r.ID.Session == session })
		if ahead < 0 && lock.Waiting > len(lock.Waiters) {
			ahead = len(lock.Waiters)
		}
		found = lock
	}
	return found, ahead
}
