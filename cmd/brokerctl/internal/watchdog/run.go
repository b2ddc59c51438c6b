//go:build unix

package watchdog

import (
	"errors"
	"math"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/child"
)

// link is the file descriptor of the watchdog's end of the connection to the guard. The next descriptor is the
// connection to the broker, which only has to stay open.
const link = 3

const never = time.Duration(math.MaxInt64)

// A watch is the state of a running watchdog.
type watch struct {
	link        int // file descriptor
	cgroup      *child.Cgroup
	instruction Instruction
	acted       bool   // has sent a signal, so later instructions may only make KILL earlier
	gone        bool   // nothing of the command is alive
	part        []byte // received bytes of an incomplete instruction
}

// Run is the main function of a watchdog. The cgroup is the one of the command, or nil. Run fails in a process
// that [Start] has not started.
func Run(cgroup *child.Cgroup) error {
	if kind, err := unix.GetsockoptInt(link, unix.SOL_SOCKET, unix.SO_TYPE); err != nil ||
		kind != unix.SOCK_STREAM {
		return errors.New("there is no guard to watch: only brokerctl run starts a watchdog")
	}
	// The watchdog must outlive its guard, even if a service manager sends a signal to all processes.
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1,
		syscall.SIGUSR2, syscall.SIGTSTP, syscall.SIGPIPE)
	w := &watch{link: link, cgroup: cgroup, instruction: Instruction{Kill: never}}
	for {
		switch event, err := w.wait(); {
		case err != nil:
			return err
		case event == closed:
			w.tree().End()
			w.cgroup.Remove()
			return nil
		case event == signalDue:
			w.act()
		case w.instruction.Group == finished.Group:
			return nil
		}
	}
}

// The events that wait returns.
const (
	signalDue = iota
	received
	closed
)

// wait waits for an event: the next signal is due, the guard has sent something, or the connection has ended.
// It reads everything that the guard has sent before a signal counts as due. So a watchdog that was stopped
// itself does not act on an old instruction.
func (w *watch) wait() (event int, err error) {
	for {
		// A timer stops while the machine is suspended, but the clock may not. So check the clock every
		// second.
		wait := min(max(w.due()-Now(), 0), time.Second)
		fds := []unix.PollFd{{Fd: int32(w.link), Events: unix.POLLIN}}
		ready, err := unix.Poll(fds, int((wait+time.Millisecond-1)/time.Millisecond))
		switch {
		case err == unix.EINTR:
		case err != nil:
			return signalDue, err
		case ready > 0:
			return w.read()
		case w.due() <= Now():
			return signalDue, nil
		}
	}
}

// due returns the time of the next signal.
func (w *watch) due() time.Duration {
	if w.instruction.Term != 0 {
		return min(w.instruction.Term, w.instruction.Kill)
	}
	return w.instruction.Kill
}

// read reads the instructions that have arrived. The guard writes each as a whole, but one read may return only
// a part.
func (w *watch) read() (event int, err error) {
	buffer := make([]byte, 64*instructionSize)
	n, err := unix.Read(w.link, buffer)
	switch {
	case err == unix.EINTR:
		return received, nil
	case n <= 0: // Read also fails if the guard ended without reading the watchdog's message.
		return closed, nil
	}
	w.part = append(w.part, buffer[:n]...)
	for ; len(w.part) >= instructionSize; w.part = w.part[instructionSize:] {
		w.follow(decodeInstruction(w.part))
	}
	return received, nil
}

// follow replaces the instruction. Once the watchdog has acted, a guard that continues may only make KILL earlier.
func (w *watch) follow(i Instruction) {
	if w.acted && i.Group != finished.Group {
		i.Term, i.Kill = 0, min(i.Kill, w.instruction.Kill)
		if w.gone {
			i.Kill = never
		}
	}
	w.instruction = i
}

// act sends the signal that is due. It tells the guard first, so that the guard knows the reason when it sees the
// command end. It sends no CONT with TERM: a stopped command must not continue without the lock.
func (w *watch) act() {
	if !w.acted {
		w.acted = true
		_, _ = unix.Write(w.link, []byte{actedMessage}) // If the guard has ended, wait notices that.
	}
	if w.instruction.Kill > Now() {
		w.instruction.Term = 0
		w.tree().Signal(syscall.SIGTERM)
		return
	}
	w.tree().Kill()
	w.instruction.Term, w.instruction.Kill = 0, Now()+5*time.Millisecond // Check then whether they are gone.
	if w.tree().IsGone() {
		w.gone, w.instruction.Kill = true, never
	}
}

// tree returns the processes to end. Without a cgroup, processes that have left the group are children of the
// guard while the guard lives. After that they are children of init, like many other processes, so they cannot
// be found.
func (w *watch) tree() child.Tree {
	if w.gone {
		return child.Tree{}
	}
	t := child.Tree{Group: w.instruction.Group, Cgroup: w.cgroup}
	if !w.instruction.Contained && w.instruction.Guard == os.Getppid() {
		t.Parent, t.Sibling = w.instruction.Guard, os.Getpid()
	}
	return t
}
