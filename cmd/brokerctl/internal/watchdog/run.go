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

// link is the descriptor of the watchdog's end of the connection to the guard. The one behind it is that of the
// connection to the broker: it only has to be open.
const link = 3

const never = time.Duration(math.MaxInt64)

// A watch is what a watchdog knows.
type watch struct {
	link   int // the descriptor
	cgroup *child.Cgroup
	order  Order
	acted  bool   // it is too late for other orders
	gone   bool   // nobody of the command is left
	part   []byte // of the next order
}

// Run is the life of a watchdog. The cgroup is that of the command, or nil. It is an error to call it in a process that
// Start has not started.
func Run(cgroup *child.Cgroup) error {
	if kind, err := unix.GetsockoptInt(link, unix.SOL_SOCKET, unix.SO_TYPE); err != nil || kind != unix.SOCK_STREAM {
		return errors.New("there is no guard to watch: brokerctl run starts a watchdog by itself")
	}
	// It ends after its guard, whoever tells all processes of a service to end.
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2,
		syscall.SIGTSTP, syscall.SIGPIPE)
	w := &watch{link: link, cgroup: cgroup, order: Order{Kill: never}}
	for {
		switch heard, err := w.hear(); {
		case err != nil:
			return err
		case heard == closed:
			w.tree().End()
			w.cgroup.Remove()
			return nil
		case heard == silence:
			w.act()
		case w.order.Group == over.Group:
			return nil
		}
	}
}

// What hear has heard.
const (
	silence = iota
	something
	closed
)

// hear waits for something from the guard, but no longer than until the next signal is due. Whatever the guard has
// said is heard before that counts as due: a watchdog that was stopped itself must not act on an old order.
func (w *watch) hear() (heard int, err error) {
	for {
		// A timer stands still while the machine is suspended, and the clock does not: so look now and then.
		wait := min(max(w.due()-Now(), 0), time.Second)
		fds := []unix.PollFd{{Fd: int32(w.link), Events: unix.POLLIN}}
		ready, err := unix.Poll(fds, int((wait+time.Millisecond-1)/time.Millisecond))
		switch {
		case err == unix.EINTR:
		case err != nil:
			return silence, err
		case ready > 0:
			return w.read()
		case w.due() <= Now():
			return silence, nil
		}
	}
}

// due is when the next signal must be sent.
func (w *watch) due() time.Duration {
	if w.order.Term != 0 {
		return min(w.order.Term, w.order.Kill)
	}
	return w.order.Kill
}

// read takes the latest order. Each is written as a whole, but nothing says that it is read so.
func (w *watch) read() (heard int, err error) {
	buffer := make([]byte, 64*orderSize)
	n, err := unix.Read(w.link, buffer)
	switch {
	case err == unix.EINTR:
		return something, nil
	case n <= 0: // also a guard that has ended with something unread
		return closed, nil
	}
	w.part = append(w.part, buffer[:n]...)
	for ; len(w.part) >= orderSize; w.part = w.part[orderSize:] {
		w.take(orderFrom(w.part))
	}
	return something, nil
}

// take follows an order. A guard that comes back when it is too late may only hasten the end.
func (w *watch) take(o Order) {
	if w.acted && o.Group != over.Group {
		o.Term, o.Kill = 0, min(o.Kill, w.order.Kill)
		if w.gone {
			o.Kill = never
		}
	}
	w.order = o
}

// act sends the signal that is due. It first tells the guard, which then knows before it sees the command end. One
// that is stopped gets no CONT with its TERM: nobody goes on without the lock who was stopped while it had it.
func (w *watch) act() {
	if !w.acted {
		w.acted = true
		_, _ = unix.Write(w.link, []byte{acted}) // one that has ended does not hear it, as hear will find out
	}
	if w.order.Kill > Now() {
		w.order.Term = 0
		w.tree().Signal(syscall.SIGTERM)
		return
	}
	w.tree().Kill()
	w.order.Term, w.order.Kill = 0, Now()+5*time.Millisecond // to look whether they are gone
	if w.tree().IsGone() {
		w.gone, w.order.Kill = true, never
	}
}

// tree is whom to end. Without a cgroup those who have left the group are children of the guard, as long as that lives:
// after that they are those of another process, as everybody's are.
func (w *watch) tree() child.Tree {
	if w.gone {
		return child.Tree{}
	}
	t := child.Tree{Group: w.order.Group, Cgroup: w.cgroup}
	if !w.order.Contained && w.order.Guard == os.Getppid() {
		t.Parent, t.Spared = w.order.Guard, os.Getpid()
	}
	return t
}
