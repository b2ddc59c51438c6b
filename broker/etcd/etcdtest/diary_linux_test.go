package etcdtest

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A diary is what has happened lately to the connections of a client. It says why a lock was lost.
type diary struct {
	mu    sync.Mutex
	lines []string
}

const mostLines = 40

func (d *diary) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, time.Now().UTC().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
	d.lines = d.lines[max(len(d.lines)-mostLines, 0):]
}

func (d *diary) trace() *wsclient.Trace {
	return &wsclient.Trace{
		Connected: func(session string) { d.note("connected as %s", session) },
		Resumed:   func(err error) { d.note("taken up: %v", err) },
		DialFailed: func(n int, err error, next time.Duration) {
			d.note("attempt %d: %v; next in %v", n, err, next)
		},
		State: func(state wsclient.State, why error) {
			if state != wsclient.Connecting {
				return
			}
			d.note("connecting: %v", why)
		},
	}
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.lines, "\n")
}
