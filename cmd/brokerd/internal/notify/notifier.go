package notify

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// lookPeriod is the longest time between two questions. A status that changes is at most this old.
const lookPeriod = time.Second

// stopReserve is how much longer than the drain a stop may take: the last HTTP requests, the audit and the log.
const stopReserve = 15 * time.Second

// A Broker answers whether it grants locks.
type Broker interface {
	Status(ctx context.Context) (broker.Status, error)
}

// A Notifier sends messages to systemd.
type Notifier struct {
	log      zerolog.Logger
	enabled  bool
	watchdog time.Duration // systemd wants a sign of life within this time; 0: never

	mu       sync.Mutex
	ready    bool
	stopping bool
	told     *broker.Status // what status is about, or nil
	status   string
	failed   bool // the last message could not be sent
}

// New returns a notifier for the variables that systemd has set for this process.
func New(log zerolog.Logger) *Notifier {
	n := &Notifier{log: log, enabled: os.Getenv("NOTIFY_SOCKET") != ""}
	if !n.enabled {
		return n
	}
	watchdog, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn().Err(err).Msg("the watchdog of systemd is off: WATCHDOG_USEC has no valid time")
	}
	n.watchdog = watchdog
	return n
}

// Watch asks the broker for its status, and tells systemd what it answers, until the broker has stopped or ctx ends.
func (n *Notifier) Watch(ctx context.Context, b Broker) {
	if !n.enabled {
		return
	}
	period := lookPeriod
	if n.watchdog > 0 {
		period = min(period, n.watchdog/3)
	}
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		status, err := b.Status(ctx)
		if err != nil {
			return
		}
		n.tell(status)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// tell sends what follows from an answer of the broker.
func (n *Notifier) tell(status broker.Status) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var lines []string
	if n.watchdog > 0 {
		lines = append(lines, daemon.SdNotifyWatchdog)
	}
	canServe := status.Standby || status.HasTokens && status.Pause != wire.PauseDraining
	if !n.ready && canServe {
		n.ready = true
		lines = append(lines, daemon.SdNotifyReady)
	}
	if now := (broker.Status{Standby: status.Standby, Pause: status.Pause}); n.told == nil || *n.told != now {
		n.told, n.status = &now, describe(status, time.Now())
		lines = append(lines, "STATUS="+n.status)
	}
	n.send(lines...)
}

// Reloading says that a reload begins. Call Reloaded when it has ended.
func (n *Notifier) Reloading() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ready && !n.stopping {
		n.send(daemon.SdNotifyReloading, strings.TrimSpace(daemon.SdNotifyMonotonicUsec()))
	}
}

// Reloaded says that a reload has ended, and whether everything stayed as it was because of an error.
func (n *Notifier) Reloaded(failed bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.ready || n.stopping {
		return
	}
	status := n.status
	if failed {
		status += "; the last reload failed: see the log"
	}
	n.send(daemon.SdNotifyReady, "STATUS="+status)
}

// Stopping says that the broker stops, and how long that may take: the drain, and a reserve. So TimeoutStopSec= of the
// unit need not know the drain.
func (n *Notifier) Stopping(drain time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.stopping = true
	n.send(daemon.SdNotifyStopping, fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", (drain+stopReserve).Microseconds()))
}

// send sends one message. The log has the first of several failures.
func (n *Notifier) send(lines ...string) {
	if !n.enabled || len(lines) == 0 {
		return
	}
	_, err := daemon.SdNotify(false, strings.Join(lines, "\n"))
	if err != nil && !n.failed {
		n.log.Warn().Err(err).Msg("cannot tell systemd what the broker does")
	}
	n.failed = err != nil
}
