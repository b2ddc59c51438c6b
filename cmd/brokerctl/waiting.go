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

// A waiting says, while one waits for locks, who is in the way: on a terminal on
// one line that renews itself, elsewhere once.
type waiting struct {
	client *wsclient.Client
	names  []string
	out    io.Writer
	begin  time.Time
}

const (
	// noticeAfter is how long one waits before it says anything.
	noticeAfter = 500 * time.Millisecond
	// renewEvery is how often it does on a terminal.
	renewEvery = time.Second
	// queueSeen is how many of a queue are asked for each time.
	queueSeen = 1000
)

// begins tells it from now on, until the function that it returns is called, or ctx ends.
func (w *waiting) begins(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	told := make(chan struct{})
	go func() {
		defer close(told)
		w.tell(ctx)
	}()
	return func() {
		cancel()
		<-told
	}
}

// tell says it until ctx ends.
func (w *waiting) tell(ctx context.Context) {
	if !cli.Pause(ctx, noticeAfter) {
		return
	}
	terminal := screen.Terminal(w.out)
	if terminal == nil {
		w.tellChanges(ctx)
		return
	}
	for more := true; more; more = cli.Pause(ctx, renewEvery) {
		_ = screen.Renew(terminal, w.line(ctx))
	}
	_ = screen.Renew(terminal, "")
}

// tellChanges says it once, and again when the connection has come or gone.
func (w *waiting) tellChanges(ctx context.Context) {
	told := wsclient.Closed
	for more := true; more; more = cli.Pause(ctx, renewEvery) {
		if state := w.client.State(); state != told {
			_, _ = fmt.Fprintln(w.out, "brokerctl:", w.line(ctx))
			told = state
		}
	}
}

// line is what there is to say now.
func (w *waiting) line(ctx context.Context) string {
	what := printable.Text(w.names[0])
	switch w.client.State() {
	case wsclient.Connected:
		what = w.obstacle(ctx)
	case wsclient.NotGranting:
		what += "; " + pause(w.client)
	case wsclient.Draining:
		what += ", from a broker that is about to stop"
	default:
		what += ", without a connection to the broker"
	}
	return fmt.Sprintf("waiting %s for %s", listing.Short(time.Since(w.begin)), what)
}

// obstacle is the first lock in which somebody is in the way, and who.
func (w *waiting) obstacle(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, renewEvery)
	defer cancel()
	for _, name := range w.names {
		if lock, ours := w.look(ctx, name); ours > 0 || ours == 0 && lock.Holding > 0 {
			return inTheWay(lock, ours)
		}
	}
	return printable.Text(w.names[0])
}

// look returns a lock, and how many wait for it before this client does; less than
// 0 when it does not.
func (w *waiting) look(ctx context.Context, name string) (found wire.LockInfo, ours int) {
	ours = -1
	for lock, err := range w.client.Info(ctx, &wsclient.InfoOptions{Match: glob.Escape(name), Queue: queueSeen}) {
		if err != nil {
			continue // the next time, perhaps
		}
		session := w.client.Session()
		ours = slices.IndexFunc(lock.Waiters, func(r wire.RequestInfo) bool { return r.ID.Session == session })
		if ours < 0 && lock.Waiting > len(lock.Waiters) {
			ours = len(lock.Waiters)
		}
		found = lock
	}
	return found, ours
}

// inTheWay says who is in the way of one who waits for a lock behind so many.
func inTheWay(lock wire.LockInfo, ahead int) string {
	text := printable.Text(lock.Name)
	switch {
	case ahead >= queueSeen:
		text += fmt.Sprintf(", %d or more ahead", ahead)
	case ahead > 0:
		text += fmt.Sprintf(", %d ahead", ahead)
	}
	if len(lock.Holders) > 0 {
		first := lock.Holders[0]
		text += fmt.Sprintf(", held by %s for %s", nameOf(first), listing.Short(first.Duration()))
		if more := lock.Holding - 1; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		if hasStarted(lock.Holders) {
			text += ", a run that started this process, and may be waiting for it"
		}
	}
	return text
}

// nameOf is the shortest that tells people who it is.
func nameOf(r wire.RequestInfo) string {
	switch {
	case r.Author != "":
		return "@" + printable.Text(r.Author)
	case r.Client != "":
		return printable.Text(r.Client)
	}
	return "#" + printable.Text(r.ID.String())
}
