package wire

import (
	"errors"
	"fmt"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// A Mode says whether others may hold a lock at the same time.
type Mode uint8

// The modes. Exclusive is the default.
const (
	Exclusive Mode = iota // one holder at a time
	Shared                // any number of shared holders, or up to a limit
)

// String returns "exclusive" or "shared".
func (m Mode) String() string {
	if m == Shared {
		return "shared"
	}
	return "exclusive"
}

// MarshalText returns "exclusive" or "shared".
func (m Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText accepts "exclusive" and "shared" and nothing else.
func (m *Mode) UnmarshalText(text []byte) error {
	switch string(text) {
	case "exclusive":
		*m = Exclusive
	case "shared":
		*m = Shared
	default:
		if printable.IsWord(string(text)) {
			return fmt.Errorf("want exclusive or shared, not %q", text)
		}
		return errors.New("want exclusive or shared")
	}
	return nil
}

// A LockSpec is one lock of an [Acquire].
type LockSpec struct {
	Name string `json:"name"`
	Mode Mode   `json:"mode,omitzero"`
	// Limit is the greatest number of holders, this request included, 1 to MaxLimit. So a lock
	// is a counting semaphore. It is for [Shared] only. Absent: no bound.
	Limit Opt[int] `json:"limit,omitzero"`
}
