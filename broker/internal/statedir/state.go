package statedir

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A State is what a run of the broker leaves to the next.
type State struct {
	// Next is a fencing token above all that were given out, from 1 to 2^53. The last is one
	// more than the greatest token there is.
	Next int64
	// Clean says that the run has stopped with nothing held.
	Clean bool
	// Timeout is how long clients of the run may be stale holders, from 0 to a year, in whole
	// milliseconds.
	Timeout time.Duration
}

// maxNext is Next after all tokens were given out.
const maxNext = wire.MaxInteger + 1

// The versions of the file. The first did not record when it was made.
const (
	firstVersion = 1
	version      = 2
)

// A record is a State in its file: a line of JSON, and a line with a checksum.
type record struct {
	Version   int   `json:"lockbroker_state"`
	Next      int64 `json:"next_token"`
	Clean     bool  `json:"clean"`
	TimeoutMS int64 `json:"timeout_ms"`
	// Born is when the file of the record was made, in nanoseconds since 1970; 0: unknown. Only
	// the system can set this time. So a copy, such as one from a backup, has another, even if
	// its name, other times and content are the same.
	Born int64 `json:"born_ns,omitempty"`
}

// recordOf returns the record of s, in a file that was made at that time.
func recordOf(s State, born int64) record {
	return record{Version: version, Next: s.Next, Clean: s.Clean, TimeoutMS: s.Timeout.Milliseconds(), Born: born}
}

func (r record) state() State {
	return State{Next: r.Next, Clean: r.Clean, Timeout: time.Duration(r.TimeoutMS) * time.Millisecond}
}

// isCopy reports whether r was written to another file than the one that was made at that time. It
// returns false if the time is unknown.
func (r record) isCopy(born int64) bool { return r.Born != 0 && born != 0 && r.Born != born }

// encode returns the content of r's file, or an error if r is invalid.
func (r record) encode() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	line, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	sum := crc32.Checksum(line, crc32.MakeTable(crc32.Castagnoli))
	return fmt.Appendf(line, "\ncrc32c %08x\n", sum), nil
}

func (r record) check() error {
	switch {
	case r.Version > version:
		return errors.New("a newer version of the broker wrote it")
	case r.Version < firstVersion || r.Version == firstVersion && r.Born != 0:
		return errors.New("it is not the state of a broker")
	case r.Next < 1 || r.Next > maxNext:
		return fmt.Errorf("next_token is %d: want 1 to %d", r.Next, maxNext)
	case r.TimeoutMS < 0 || r.TimeoutMS > wire.MaxMillis:
		return fmt.Errorf("timeout_ms is %d: want 0 to %d", r.TimeoutMS, wire.MaxMillis)
	}
	return nil
}

// decode reads what encode of this version or an earlier one has written. Every byte must be the
// same.
func decode(file []byte) (record, error) {
	line, _, _ := bytes.Cut(file, []byte("\n"))
	var r record
	if err := json.Unmarshal(line, &r); err != nil {
		return record{}, errors.New("it is torn, or not the state of a broker")
	}
	if err := r.check(); err != nil {
		return record{}, err
	}
	if again, err := r.encode(); err != nil || !bytes.Equal(again, file) {
		return record{}, errors.New("it is torn or was changed: the checksum does not match")
	}
	return r, nil
}
