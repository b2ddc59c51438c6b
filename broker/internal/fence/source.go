package fence

import "time"

// A Source says which fencing tokens a run may give out.
type Source interface {
	Start() Beginning
	// Reserve makes sure that later runs start at limit or above. It also records how long
	// clients of this run may be stale holders if this run ends now. It may wait for the disk.
	Reserve(limit int64, stale time.Duration) error
	// Stop ends the run. stale is 0 if no client can be a stale holder.
	Stop(stale time.Duration) error
	// Close releases what the source has opened.
	Close() error
}

// A Beginning is what a source tells a new run.
type Beginning struct {
	First    int64         // the first token, greater than all tokens of earlier runs
	Grace    time.Duration // how long clients of earlier runs may be stale holders
	Restored bool          // the state may be older than the last run
	Warning  string        // what is wrong with the clock, or ""
}

// FromClock returns a source whose tokens start at the clock's microseconds. They rise across a
// restart if the clock is not set back and there are fewer than a million grants a second.
func FromClock() Source { return clockSource{} }

type clockSource struct{}

func (clockSource) Start() Beginning                   { return Beginning{First: time.Now().UnixMicro()} }
func (clockSource) Reserve(int64, time.Duration) error { return nil }
func (clockSource) Stop(time.Duration) error           { return nil }
func (clockSource) Close() error                       { return nil }
