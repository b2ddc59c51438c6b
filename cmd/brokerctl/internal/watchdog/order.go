//go:build unix

package watchdog

import (
	"encoding/binary"
	"time"

	"golang.org/x/sys/unix"
)

// An Order says all that a watchdog has to know. Each replaces the one before.
type Order struct {
	Guard     int  // the process id of the guard
	Group     int  // the process group of the command; 0: it has not begun
	Contained bool // all that the command starts is in the cgroup
	// Term and Kill are when to send these signals, as told by Now. Term 0: not at all.
	Term, Kill time.Duration
}

// over is what a watchdog is told when the command has ended.
var over = Order{Group: -1}

// orderSize is that of an order between the processes, which are the same program.
const orderSize = 5 * 8

func (o Order) append(to []byte) []byte {
	contained := uint64(0)
	if o.Contained {
		contained = 1
	}
	for _, field := range []uint64{uint64(o.Guard), uint64(o.Group), contained, uint64(o.Term), uint64(o.Kill)} {
		to = binary.NativeEndian.AppendUint64(to, field)
	}
	return to
}

// orderFrom reads what append has made.
func orderFrom(b []byte) Order {
	field := func(n int) int64 { return int64(binary.NativeEndian.Uint64(b[8*n:])) }
	return Order{
		Guard:     int(field(0)),
		Group:     int(field(1)),
		Contained: field(2) == 1,
		Term:      time.Duration(field(3)),
		Kill:      time.Duration(field(4)),
	}
}

// Now is the time on a clock that is never set and that all processes share; where the system has such a clock it
// goes on while the machine is suspended.
func Now() time.Duration {
	var t unix.Timespec
	_ = unix.ClockGettime(clock, &t) // cannot fail: the clock exists
	return time.Duration(t.Nano())
}

// acted is the one word of a watchdog: it is about to send a signal, because the guard was not heard in time.
const acted = 'a'
