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

// A Spec says what to run, and how.
type Spec struct {
	Path     string    // of the program
	Args     []string  // beginning with the name of the program
	Env      []string  // the whole environment
	Terminal *Terminal // the command runs in its foreground; may be nil
	Cgroup   *Cgroup   // for the command; nil: the cgroup of this process
	Sibling  *Sibling  // the child of this process that does not belong to the command; may be nil
}

// A Child is a command that runs or has run.
type Child struct {
	pid     int     // of the leader and of the group
	cgroup  *Cgroup // of the command, or nil
	sibling *Sibling
	stopped chan syscall.Signal
	ended   chan struct{}
	empty   chan struct{} // closed when the group is empty
	gone    chan struct{} // closed when c has also stopped collecting exit statuses

	mu     sync.Mutex
	status syscall.WaitStatus // of the leader, valid once ended is closed
	isGone bool
}

// Start runs the command with the standard streams of this process. The error is the operating system's: it could not
// execute the command.
//
// On Linux the kernel kills the command when this process ends.
func Start(spec Spec) (*Child, error) {
	c := &Child{
		sibling: spec.Sibling,
		stopped: make(chan syscall.Signal, 1),
		ended:   make(chan struct{}),
		empty:   make(chan struct{}),
		gone:    make(chan struct{}),
	}
	started := make(chan error)
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGCHLD)
	go func() {
		// For the kernel this thread is the parent of the child. It must live as long
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
	go func() {
		c.buryOrphans(ended)
		close(c.gone)
	}()
	return c, nil
}

func (c *Child) start(spec Spec) error {
	process, err := c.execute(spec)
	if err != nil {
		return err
	}
	c.pid = process.Pid
	return process.Release() // reap waits for the whole group instead.
}

// execute starts the leader in its cgroup. If that fails, it tries again without the cgroup, because the system does
// not say whether the cgroup or the program was the problem.
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
	// From here on this process may be in the background of its terminal. It must not be stopped when it writes
	// there or takes the terminal back. Ignoring the signal earlier would be wrong, because the command would
	// inherit that.
	signal.Ignore(syscall.SIGTTOU)
	if err != nil && spec.Terminal != nil {
		spec.Terminal.Give(unix.Getpgrp()) // The failed process was in the foreground.
	}
	return process, err
}

// pollsPerSearch is how often reap polls before it searches the group for processes that are alive. A daemon that has
// left the group may never collect the exit status of a child that it has left there. For kill(2) that zombie still
// makes a group.
const pollsPerSearch = 25

// reap waits for the leader, and then until the group is empty.
func (c *Child) reap() {
	for !c.hasEnded() {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(c.pid, &status, syscall.WUNTRACED, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			close(c.ended) // Something else has waited for it.
		default:
			c.note(pid, status)
		}
	}
	// The other processes of the group are children of this process if adopt has succeeded, and otherwise of
	// init. They can leave the group, and no event reports that. So only polling shows that the group is empty.
	for polls := 1; ; polls++ {
		c.bury()
		if unix.Kill(-c.pid, 0) == unix.ESRCH || polls%pollsPerSearch == 0 && !isAlive(c.pid) {
			break
		}
		time.Sleep(20 * time.Millisecond) //nolint:forbidigo // see above
	}
	c.mu.Lock()
	c.isGone = true
	c.mu.Unlock()
	close(c.empty)
}

// bury collects the exit status of processes of the group that have ended.
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

// note records a status of the leader. Of other processes of the group, it only records that they were stopped.
func (c *Child) note(pid int, status syscall.WaitStatus) {
	switch {
	case status.Stopped():
		select {
		case c.stopped <- status.StopSignal():
		default: // The previous signal has not been received yet.
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

// Group returns the id of the process group.
func (c *Child) Group() int { return c.pid }

// IsContained reports whether the command has started in its cgroup.
func (c *Child) IsContained() bool { return c.cgroup != nil }

// Stopped returns a channel of the signals that have stopped the command.
func (c *Child) Stopped() <-chan syscall.Signal { return c.stopped }

// Ended returns a channel that is closed when the command has ended. Other processes of its group may be alive.
func (c *Child) Ended() <-chan struct{} { return c.ended }

// Gone returns a channel that is closed when the group is empty, and c no longer collects exit statuses. Only then
// may this process start another command.
func (c *Child) Gone() <-chan struct{} { return c.gone }

// Status returns how the command has ended. It is valid once Ended is closed.
func (c *Child) Status() syscall.WaitStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

// Signal sends a signal to all processes of the group. It returns an error if the group has processes but none
// may be sent the signal.
func (c *Child) Signal(signal syscall.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isGone { // Another group may have the number now.
		return nil
	}
	if err := unix.Kill(-c.pid, signal); err != unix.ESRCH {
		return err
	}
	return nil
}
