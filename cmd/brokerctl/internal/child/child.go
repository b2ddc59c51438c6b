//go:build unix

package child

import (
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Spec says what to run.
type Spec struct {
	Path     string    // the program
	Args     []string  // beginning with its name
	Env      []string  // all of it
	Terminal *Terminal // is given to it; nil: it is not
	Cgroup   *Cgroup   // it begins there, if the system lets it; nil: in that of this process
	Spared   *Spared   // the child of this process that is none of the command's; nil: there is none
}

// A Child is a command that runs, or has run.
type Child struct {
	pid     int     // of the leader, and of the group
	cgroup  *Cgroup // in which it has begun, or nil
	spared  *Spared
	stopped chan syscall.Signal
	ended   chan struct{}
	gone    chan struct{}

	mu     sync.Mutex
	status syscall.WaitStatus // of the leader, once ended is closed
	isGone bool
}

// Start runs the command with the standard streams of this process. The error is
// that of the system: it could not be executed.
//
// Where the system can do that, the command is killed when this process ends, however
// it does.
func Start(spec Spec) (*Child, error) {
	c := &Child{
		spared:  spec.Spared,
		stopped: make(chan syscall.Signal, 1),
		ended:   make(chan struct{}),
		gone:    make(chan struct{}),
	}
	started := make(chan error)
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGCHLD)
	go func() {
		// The parent of the child, for the system, is this thread: it is to live as long
		// as the child does.
		runtime.LockOSThread()
		err := c.start(spec)
		started <- err
		if err == nil {
			c.reap()
		}
	}()
	if err := <-started; err != nil {
		signal.Stop(ended)
		return nil, err
	}
	go c.buryOrphans(ended)
	return c, nil
}

func (c *Child) start(spec Spec) error {
	process, err := c.execute(spec)
	if err != nil {
		return err
	}
	c.pid = process.Pid
	return process.Release() // who waits here waits for the group
}

// execute starts the leader, in its cgroup if that can be: the system does not say which of the two it could not do.
func (c *Child) execute(spec Spec) (*os.Process, error) {
	if spec.Cgroup != nil {
		process, err := attempt(spec)
		if err == nil {
			c.cgroup = spec.Cgroup
			return process, nil
		}
		spec.Cgroup = nil
		signal.Reset(syscall.SIGTTOU)
	}
	return attempt(spec)
}

func attempt(spec Spec) (*os.Process, error) {
	attributes := &syscall.SysProcAttr{Setpgid: true}
	if spec.Terminal != nil {
		attributes.Foreground, attributes.Ctty = true, spec.Terminal.fd()
	}
	adopt(attributes)
	defer spec.Cgroup.enter(attributes)()
	process, err := os.StartProcess(spec.Path, spec.Args, &os.ProcAttr{
		Env:   spec.Env,
		Files: []*os.File{os.Stdin, os.Stdout, os.Stderr},
		Sys:   attributes,
	})
	// From here on this process may be in the background of its terminal, and must go
	// on when it writes there, or takes it back. Not earlier: the command would
	// inherit that.
	signal.Ignore(syscall.SIGTTOU)
	if err != nil && spec.Terminal != nil {
		spec.Terminal.Give(unix.Getpgrp()) // who is in the foreground has ended
	}
	return process, err
}

// reap waits for the leader, and then until nobody is left in the group.
func (c *Child) reap() {
	for !c.hasEnded() {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(c.pid, &status, syscall.WUNTRACED, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			close(c.ended) // somebody else has waited for it
		default:
			c.note(pid, status)
		}
	}
	// The others are children of this process where adopt could arrange that, and
	// init's elsewhere. They can leave the group, which ends no waiting for it: so
	// nothing but asking again tells that nobody is left.
	for c.bury(); unix.Kill(-c.pid, 0) != unix.ESRCH; c.bury() {
		time.Sleep(20 * time.Millisecond) //nolint:forbidigo // see above
	}
	c.mu.Lock()
	c.isGone = true
	c.mu.Unlock()
	close(c.gone)
}

// bury waits for those of the group who have ended.
func (c *Child) bury() {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-c.pid, &status, syscall.WUNTRACED|syscall.WNOHANG, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil, pid == 0:
			return
		default:
			c.note(pid, status)
		}
	}
}

// note tells of the leader, and, once that has ended, of others of the group who are
// stopped: they speak for it then.
func (c *Child) note(pid int, status syscall.WaitStatus) {
	switch {
	case status.Stopped():
		select {
		case c.stopped <- status.StopSignal():
		default: // nobody has seen to the one before yet
		}
	case pid == c.pid:
		c.mu.Lock()
		c.status = status
		c.mu.Unlock()
		close(c.ended)
	}
}

func (c *Child) hasEnded() bool {
	select {
	case <-c.ended:
		return true
	default:
		return false
	}
}

// Group is the id of the process group.
func (c *Child) Group() int { return c.pid }

// IsContained reports whether the command has begun in its cgroup.
func (c *Child) IsContained() bool { return c.cgroup != nil }

// Stopped tells of a signal that has stopped the command.
func (c *Child) Stopped() <-chan syscall.Signal { return c.stopped }

// Ended is closed when the command has ended; others of its group may be left.
func (c *Child) Ended() <-chan struct{} { return c.ended }

// Gone is closed when nobody of the group is left.
func (c *Child) Gone() <-chan struct{} { return c.gone }

// Status is how the command has ended, once it has.
func (c *Child) Status() syscall.WaitStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

// Signal sends a signal to everybody in the group. Who has ended gets none; the error
// is that none of the others may be sent any.
func (c *Child) Signal(signal syscall.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isGone { // the number may be another's by now
		return nil
	}
	if err := unix.Kill(-c.pid, signal); err != unix.ESRCH {
		return err
	}
	return nil
}
