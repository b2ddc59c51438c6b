package fence

import (
	"errors"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// ErrNoTokens is returned when no fencing tokens are left. Package broker exports it.
var ErrNoTokens = errors.New("broker: no fencing tokens are left")

// Range is how many tokens are reserved at a time. That is enough for about a second at the highest
// rate of grants, and the tokens last for 2^33 restarts.
const Range = 1 << 20

// A Source says which fencing tokens a run may give out.
type Source interface {
	Start() core.Beginning
	// Reserve makes sure that later runs start at the limit of r or above, and that they wait as
	// long as r says if this run ends now. It may wait for the disk.
	Reserve(r core.Reservation) error
	// Stop ends the run. stale is 0 if no client can be a stale holder. left is what the run leaves to the next
	// one, or nil.
	Stop(stale time.Duration, left *core.Snapshot) error
	// KeepsRecord reports whether Record may be called. It says which sessions may come back after a crash.
	KeepsRecord() bool
	// Record makes changes of the record, in order. They are stored if it returns nil. Otherwise it must be called
	// again with the same changes first.
	Record(changes []core.Change) error
	// Close releases what the source has opened.
	Close() error
}

// Begin returns the beginning of a run that takes its tokens from source, or [ErrNoTokens].
func Begin(source Source) (core.Beginning, error) {
	b := source.Start()
	if b.First > wire.MaxInteger {
		return b, ErrNoTokens
	}
	return b, nil
}

// FromClock returns a source whose tokens start at the clock's microseconds. They rise across a
// restart if the clock is not set back and there are fewer than a million grants a second.
func FromClock() Source { return clockSource{} }

type clockSource struct{}

func (clockSource) Start() core.Beginning          { return core.BeginAtClock(time.Now().UnixMicro()) }
func (clockSource) Reserve(core.Reservation) error { return nil }

// Stop has nowhere to leave anything: without a state directory no session outlives its run.
func (clockSource) Stop(time.Duration, *core.Snapshot) error { return nil }

func (clockSource) KeepsRecord() bool          { return false }
func (clockSource) Record([]core.Change) error { return nil }
func (clockSource) Close() error               { return nil }
