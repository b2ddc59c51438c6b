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

// A Watchdog is a watchdog process, as the guard sees it. It may be used by one goroutine at a time.
type Watchdog struct {
	process *os.Process
	link    *os.File
	acted   chan struct{}
	ended   chan struct{}
	failed  bool // valid once ended is closed
}

// Start starts a watchdog: this program again, with args, which begin with the name of the program. The new process
// must call [Run]. The watchdog keeps connection open until it ends; nil means no connection. It gets its first
// instruction even if the guard ends at once.
func Start(args []string, connection syscall.Conn, first Instruction) (*Watchdog, error) {
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
	go w.receive()
	return w, nil
}

func start(args []string, link, kept *os.File) (*os.Process, error) {
	nothing, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = nothing.Close() }()
	return os.StartProcess(program(), args, &os.ProcAttr{
		Dir: "/", // so that it does not keep a file system busy
		Env: os.Environ(),
		// The watchdog does not inherit the standard streams: a reader of the guard's output must see the end
		// of that output when the guard and the command end.
		Files: []*os.File{nothing, nothing, nothing, link, kept},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
}

// program returns the path of this program. On Linux it also works after the file was replaced.
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

// pair returns two connected sockets. The first is for the guard and does not block.
func pair() (ours, theirs *os.File, err error) {
	syscall.ForkLock.RLock() // Keeps other children from inheriting the sockets.
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

// duplicate returns a duplicate of the connection's socket, or nil if there is no connection or it is closed.
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

// receive waits for the message of the watchdog, and then for its end.
func (w *Watchdog) receive() {
	word := make([]byte, 1)
	if _, err := w.link.Read(word); err == nil && word[0] == actedMessage {
		close(w.acted)
		_, _ = w.link.Read(word) // There is no second message: this returns when the watchdog ends.
	}
	state, err := w.process.Wait()
	w.failed = err == nil && state.Exited()
	close(w.ended)
}

// PID returns the process id.
func (w *Watchdog) PID() int { return w.process.Pid }

// Acted returns a channel that is closed when the watchdog sends a signal because it has not heard from the
// guard in time.
func (w *Watchdog) Acted() <-chan struct{} { return w.acted }

// Ended returns a channel that is closed when the watchdog has ended, for example because it was killed.
func (w *Watchdog) Ended() <-chan struct{} { return w.ended }

// HasFailed reports whether the watchdog has ended by itself. It is valid once Ended is closed.
func (w *Watchdog) HasFailed() bool { return w.failed }

// Send sends an instruction. It kills a watchdog that has not read its instructions for a very long time, so that the
// watchdog does not act on old ones.
func (w *Watchdog) Send(i Instruction) {
	_ = w.link.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
	if _, err := w.link.Write(i.append(nil)); err != nil {
		_ = w.process.Kill()
	}
}

// Stop ends the watchdog, and reports whether it has acted. The command must have ended.
func (w *Watchdog) Stop() (hasActed bool) {
	w.Send(finished)
	select {
	case <-w.ended:
	case <-time.After(time.Second): // The watchdog is stopped.
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
