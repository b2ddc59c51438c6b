package statedir

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A State is what a run of the broker leaves to the next.
type State struct {
	// Next is greater than all fencing tokens given out, from 1 to 2^53. The greatest token is
	// 2^53-1.
	Next int64
	// Clean says that the run stopped cleanly, and left no stale holders behind.
	Clean bool
	// Timeout is how long clients of the run may be stale holders, from 0 to a year, in whole
	// milliseconds.
	Timeout time.Duration
}

// maxNext is the value of Next once all tokens have been given out.
const maxNext = wire.MaxInteger + 1

// The versions of the file format. The first did not record the creation time.
const (
	firstVersion = 1
	version      = 2
)

// A record is a State as it is stored: a line of JSON, followed by a line with a checksum.
type record struct {
	Version   int   `json:"lockbroker_state"`
	Next      int64 `json:"next_token"`
	Clean     bool  `json:"clean"`
	TimeoutMS int64 `json:"timeout_ms"`
	// Born is when the record's file was created, in nanoseconds since 1970, or 0 if that is
	// unknown. Only the system can set this time. So a copy, such as one from a backup, has
	// another creation time, even if its name, its other times and its contents are the same.
	Born int64 `json:"born_ns,omitempty"`
}

// recordOf returns the record of s for a file created at the time born.
func recordOf(s State, born int64) record {
	return record{Version: version, Next: s.Next, Clean: s.Clean, TimeoutMS: s.Timeout.Milliseconds(), Born: born}
}

func (r record) state() State {
	return State{Next: r.Next, Clean: r.Clean, Timeout: time.Duration(r.TimeoutMS) * time.Millisecond}
}

// isCopy reports whether r was read from a copy of its file: from a file whose creation time, born,
// is not the one in the record. It returns false if either time is unknown.
func (r record) isCopy(born int64) bool { return r.Born != 0 && born != 0 && r.Born != born }

// encode returns the contents of r's file, or an error if r is invalid.
func (r record) encode() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	line, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(line, "\n%s", sumLine(line)), nil
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

// decode parses what encode has written, in this version or an earlier one. It returns an error
// unless encoding the result again gives exactly the same bytes.
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
