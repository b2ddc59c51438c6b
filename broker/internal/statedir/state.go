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
	// Next is the first fencing token that was never given out, from 1 to 2^53:
	// one more than the greatest there is.
	Next int64
	// Clean is whether the run has stopped with nothing held.
	Clean bool
	// Timeout is the session timeout of the run: so long may its clients still
	// believe, from 0 to a year, in whole milliseconds.
	Timeout time.Duration
}

// maxNext is the Next when all tokens were given out.
const maxNext = wire.MaxInteger + 1

const version = 1

// A record is a State in its file: a line of JSON, and a line with a checksum.
type record struct {
	Version   int   `json:"lockbroker_state"`
	Next      int64 `json:"next_token"`
	Clean     bool  `json:"clean"`
	TimeoutMS int64 `json:"timeout_ms"`
}

// encode writes s as it is in its file, or says what is wrong with it.
func (s State) encode() ([]byte, error) {
	r := record{Version: version, Next: s.Next, Clean: s.Clean, TimeoutMS: s.Timeout.Milliseconds()}
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
	case r.Version != version:
		return errors.New("it is not the state of a broker")
	case r.Next < 1 || r.Next > maxNext:
		return fmt.Errorf("next_token is %d: want 1 to %d", r.Next, int64(maxNext))
	case r.TimeoutMS < 0 || r.TimeoutMS > wire.MaxMillis:
		return fmt.Errorf("timeout_ms is %d: want 0 to %d", r.TimeoutMS, int64(wire.MaxMillis))
	}
	return nil
}

// decode reads what encode has written, to the byte, and nothing else.
func decode(file []byte) (State, error) {
	line, _, _ := bytes.Cut(file, []byte("\n"))
	var r record
	if err := json.Unmarshal(line, &r); err != nil {
		return State{}, errors.New("it is torn, or not the state of a broker")
	}
	if err := r.check(); err != nil {
		return State{}, err
	}
	s := State{Next: r.Next, Clean: r.Clean, Timeout: time.Duration(r.TimeoutMS) * time.Millisecond}
	if again, err := s.encode(); err != nil || !bytes.Equal(again, file) {
		return State{}, errors.New("it is torn or was changed: the checksum does not match")
	}
	return s, nil
}
