//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/host"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/mono"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/record"
)

// A broker runs one broker process after another, at the same address and with the same state directory.
type broker struct {
	config *config
	tally  *tally
	dir    string // the state directory

	busy sync.Mutex // held while something is done to the process

	mu        sync.RWMutex
	process   *child
	address   string
	lockDelay bool
	lives     int
	reports   chan host.Report
	troubles  []trouble
}

// A trouble is a period during which clients may lose their locks because of the broker.
type trouble struct{ begin, end time.Time } // end is zero until it is over

// start starts the process, and waits until it listens. Every other life has lock delay.
func (b *broker) start(fullDisk bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lives++
	b.lockDelay = !b.lockDelay
	address := b.address
	if address == "" {
		address = "127.0.0.1:0"
	}
	cmd, err := roleCommand(brokerRole, host.Config{
		Address: address, StateDir: b.dir, LockDelay: b.lockDelay, Timeout: b.config.Timeout,
		Drain:    b.config.Drain,
		FullDisk: fullDisk,
	})
	if err != nil {
		return err
	}
	reports := make(chan host.Report, 4)
	b.process, err = startChild("broker", b.config.Report, cmd, func(text []byte) {
		var report host.Report
		if err := json.Unmarshal(text, &report); err != nil {
			b.tally.surprise(fmt.Sprintf("broker wrote %q", text))
			return
		}
		reports <- report
	})
	if err != nil {
		return err
	}
	b.reports = reports
	report, err := b.await(reports, b.process)
	if err != nil {
		return err
	}
	b.address = report.Listening
	return nil
}

// await returns the next report of a process.
func (b *broker) await(reports <-chan host.Report, process *child) (host.Report, error) {
	select {
	case report := <-reports:
		if report.Err != "" {
			return report, fmt.Errorf("broker: %s", report.Err)
		}
		return report, nil
	case <-process.done:
		return host.Report{}, fmt.Errorf("broker ended: %w", process.result())
	case <-time.After(patience):
		return host.Report{}, fmt.Errorf("broker did not answer within %v", patience)
	}
}

// current returns the process.
func (b *broker) current() *child {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.process
}

// life returns the number of the process.
func (b *broker) life() int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.lives
}

// withLockDelay calls f if the broker has lock delay. The broker does not change meanwhile.
func (b *broker) withLockDelay(f func()) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.lockDelay {
		f()
	}
}

// measure returns what the process uses.
func (b *broker) measure() (*record.Usage, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	b.process.command(host.Measure)
	report, err := b.await(b.reports, b.process)
	if err == nil && report.Usage == nil {
		err = fmt.Errorf("broker reported %+v, want its usage", report)
	}
	return report.Usage, err
}

// kill kills the process. It returns moments just before and just after, in nanoseconds of package mono.
func (b *broker) kill() (before, after int64) {
	before = mono.Now()
	b.current().kill()
	return before, mono.Now()
}

// stop stops the process with SIGTERM, and returns its error.
func (b *broker) stop() error {
	process := b.current()
	process.expectEnd()
	process.signal(syscall.SIGTERM)
	limit := b.config.Drain + patience
	select {
	case <-process.done:
		if err := process.result(); err != nil {
			return fmt.Errorf("broker: %w", err)
		}
		return nil
	case <-time.After(limit):
		process.signal(syscall.SIGQUIT) // the log shows the stacks
		process.kill()
		return fmt.Errorf("broker did not stop within %v", limit)
	}
}

// beginTrouble says that clients may lose locks from now on.
func (b *broker) beginTrouble() (end func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(b.troubles)
	b.troubles = append(b.troubles, trouble{begin: time.Now()})
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.troubles[n].end = time.Now()
	}
}

// excuses reports whether the broker was the cause of a loss at this time. A client may notice a session timeout later.
func (b *broker) excuses(loss time.Time) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, t := range b.troubles {
		const clockError = 50 * time.Millisecond
		if loss.After(t.begin.Add(-clockError)) && (t.end.IsZero() ||
			loss.Before(t.end.Add(2*b.config.Timeout))) {
			return true
		}
	}
	return false
}
