//go:build unix

package watchdog

import (
	"encoding/binary"
	"time"

	"golang.org/x/sys/unix"
)

// An Instruction tells the watchdog when to send signals, and to which processes. A new instruction replaces the
// previous one.
type Instruction struct {
	Guard     int  // the process id of the guard
	Group     int  // the process group of the command; 0: it has not started
	Contained bool // the command and its descendants are in the cgroup
	// Term and Kill are the times of these signals on the clock of Now. Term 0: no TERM.
	Term, Kill time.Duration
}

// finished tells the watchdog that the command has ended.
var finished = Instruction{Group: -1}

// instructionSize is the size of an encoded instruction in bytes. Both processes run the same program, so the encoding
// needs no version.
const instructionSize = 5 * 8

func (i Instruction) append(to []byte) []byte {
	contained := uint64(0)
	if i.Contained {
		contained = 1
	}
	for _, field := range []uint64{uint64(i.Guard), uint64(i.Group), contained, uint64(i.Term), uint64(i.Kill)} {
		to = binary.NativeEndian.AppendUint64(to, field)
	}
	return to
}

// decodeInstruction decodes what append has encoded.
func decodeInstruction(b []byte) Instruction {
	field := func(n int) int64 { return int64(binary.NativeEndian.Uint64(b[8*n:])) }
	return Instruction{
		Guard:     int(field(0)),
		Group:     int(field(1)),
		Contained: field(2) == 1,
		Term:      time.Duration(field(3)),
		Kill:      time.Duration(field(4)),
	}
}

// Now returns the time on a clock that is never set and that all processes share. On Linux it also runs while the
// machine is suspended.
func Now() time.Duration {
	var t unix.Timespec
	_ = unix.ClockGettime(clock, &t) // Cannot fail: the clock exists.
	return time.Duration(t.Nano())
}

// actedMessage is the only message of a watchdog. It says that the watchdog is about to send a signal, because it has
// not heard from the guard in time.
const actedMessage = 'a'
