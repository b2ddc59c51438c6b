//go:build unix

package watchdog

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Watchdog is the process, as seen by the guard that it watches. It may be used by one goroutine at a time.
type Watchdog struct {
	process *os.Process
	link    *os.File
	acted   chan struct{}
	ended   chan struct{}
	failed  bool // once ended is closed
}

// Start starts a watchdog: this program once more, with these arguments, the first of which is its name; it must call
// Run. The watchdog keeps the connection open until it ends, which must be one of the network; nil: none. It has its
// first order when it begins, whatever happens to the guard.
func Start(args []string, connection syscall.Conn, first Order) (*Watchdog, error) {
	ours, theirs, err := pair()
	if err != nil {
		return nil, fmt.Errorf("make a pair of sockets: %w", err)
	}
	defer func() { _ = theirs.Close() }()
	kept := duplicate(connection)
	if kept != nil {
		defer func() { _ = kept.Close() }()
	}
	w := &Watchdog{link: ours, acted: make(chan struct{}), ended: make(chan struct{})}
	if _, err = ours.Write(first.append(nil)); err == nil {
		w.process, err = start(args, theirs, kept)
	}
	if err != nil {
		_ = ours.Close()
		return nil, err
	}
	go w.listen()
	return w, nil
}

func start(args []string, link, kept *os.File) (*os.Process, error) {
	nothing, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = nothing.Close() }()
	return os.StartProcess(program(), args, &os.ProcAttr{
		Dir: "/", // it is in nobody's way
		Env: os.Environ(),
		// A pipe to which the guard writes must end with the guard and the command.
		Files: []*os.File{nothing, nothing, nothing, link, kept},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
}

// program is the path of this program, also when its file has been replaced.
func program() string {
	const self = "/proc/self/exe"
	if _, err := os.Stat(self); runtime.GOOS == "linux" && err == nil {
		return self
	}
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}

// pair returns two sockets that are connected; the first is ours, and does not block.
func pair() (ours, theirs *os.File, err error) {
	syscall.ForkLock.RLock() // nobody else's child gets them
	defer syscall.ForkLock.RUnlock()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, nil, err
	}
	unix.CloseOnExec(fds[0])
	unix.CloseOnExec(fds[1])
	if err := unix.SetNonblock(fds[0], true); err != nil {
		return nil, nil, errors.Join(err, unix.Close(fds[0]), unix.Close(fds[1]))
	}
	return os.NewFile(uintptr(fds[0]), "watchdog"), os.NewFile(uintptr(fds[1]), "guard"), nil
}

// duplicate returns the same socket once more; nil where there is none, or not any more.
func duplicate(connection syscall.Conn) (same *os.File) {
	if connection == nil {
		return nil
	}
	raw, err := connection.SyscallConn()
	if err != nil {
		return nil
	}
	_ = raw.Control(func(fd uintptr) {
		if again, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0); err == nil {
			same = os.NewFile(uintptr(again), "connection")
		}
	})
	return same
}

// listen hears what the watchdog says, until that ends.
func (w *Watchdog) listen() {
	word := make([]byte, 1)
	if _, err := w.link.Read(word); err == nil && word[0] == acted {
		close(w.acted)
		_, _ = w.link.Read(word) // there is no other
	}
	state, err := w.process.Wait()
	w.failed = err == nil && state.Exited()
	close(w.ended)
}

// PID is the id of the process.
func (w *Watchdog) PID() int { return w.process.Pid }

// Acted is closed when the watchdog has sent a signal because the guard was not heard in time.
func (w *Watchdog) Acted() <-chan struct{} { return w.acted }

// Ended is closed when the watchdog has ended: somebody has killed it.
func (w *Watchdog) Ended() <-chan struct{} { return w.ended }

// HasFailed reports whether it has ended by itself, once Ended is closed.
func (w *Watchdog) HasFailed() bool { return w.failed }

// Tell gives it an order. One that has not taken its orders for very long is killed: it must not act on old ones.
func (w *Watchdog) Tell(o Order) {
	_ = w.link.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
	if _, err := w.link.Write(o.append(nil)); err != nil {
		_ = w.process.Kill()
	}
}

// Stop ends it, and reports whether it has acted. The command must have ended.
func (w *Watchdog) Stop() (hasActed bool) {
	w.Tell(over)
	select {
	case <-w.ended:
	case <-time.After(time.Second): // it is stopped
		_ = w.process.Kill()
		<-w.ended
	}
	_ = w.link.Close()
	select {
	case <-w.acted:
		return true
	default:
		return false
	}
}
