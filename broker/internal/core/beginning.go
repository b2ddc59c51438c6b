package core

import "time"

// A Record is what a run leaves to the next one. Package statedir stores it.
type Record struct {
	Next    int64         // greater than all fencing tokens given out
	Clean   bool          // the run stopped cleanly, and left no stale holders behind
	Timeout time.Duration // how long clients of the run may be stale holders
}

// Stopped returns the record to store when the run stops. stale is how long its clients may be stale
// holders, or 0 if there are none.
func (r Record) Stopped(stale time.Duration) Record {
	r.Clean, r.Timeout = stale == 0, stale
	return r
}

// A Past is what a run knows of the runs before it.
type Past struct {
	Record        // of the last run that has left one
	Known    bool // there is a record
	Restored bool // the record may be older than the last run, because it comes from a backup
	// Snapshot is what the last run has left, or nil. Damage says what is wrong with it, if it cannot be used.
	Snapshot *Snapshot
	Damage   error
	Roll     *Roll // the record of the last run, or nil
}

// A Beginning says where the fencing tokens of a run begin, and how long the run must wait.
type Beginning struct {
	First    int64         // the first token, greater than all tokens of earlier runs
	Grace    time.Duration // how long clients of earlier runs may be stale holders
	Restored bool          // as in Past
	Warning  string        // what is wrong with the clock, or ""
	Snapshot *Snapshot     // the sessions of the last run that go on; nil: none do
	Damage   error         // as in Past
	Roll     *Roll         // the record that the last run has left, or nil
}

// Begin returns the beginning of a run that keeps a record. timeout is the session timeout of the
// run. micros is the wall clock, in microseconds since 1970.
func Begin(past Past, timeout time.Duration, micros int64) Beginning {
	b := Beginning{Restored: past.Restored, Damage: past.Damage}
	b.First, b.Warning = firstToken(past.Next, micros)
	if past.Snapshot != nil && !past.Restored {
		b.Snapshot = past.Snapshot
		past.Clean = past.Clean || past.Snapshot.Clean
	}
	if !past.Restored {
		b.Roll = past.Roll
	}
	switch {
	case past.Restored: // how the last run ended, and its timeout, are unknown
		b.Grace = max(past.Timeout, timeout)
	case past.Known && !past.Clean:
		b.Grace = past.Timeout
	}
	return b
}

// BeginAtClock returns the beginning of a run that keeps no record. micros is the wall clock, in
// microseconds since 1970.
func BeginAtClock(micros int64) Beginning { return Beginning{First: micros} }

const (
	// clockEnds is the time from which the clock is ignored, in microseconds since 1970: the
	// beginning of the year 2100. A clock that is centuries ahead would use up the tokens,
	// which last until the year 2255.
	clockEnds = 4_102_444_800_000_000
	// clockLag is how far the clock may be behind the tokens without a warning. Each start
	// reserves tokens worth about a second, so some lag is normal.
	clockLag = time.Hour
)

// firstToken returns the first token of a run, and a warning if the clock cannot be relied on.
// stored is the limit in the record, or 0 if there is none.
//
// The first token is the greater of stored and the clock, because stored may come from a backup.
// Runs after that backup also started at the clock, and stay below it unless they grant more than a
// million times a second. So this run starts above them.
func firstToken(stored, micros int64) (first int64, warning string) {
	micros = max(micros, 1)
	first = max(stored, micros)
	switch behind := time.Duration(stored-micros) * time.Microsecond; {
	case micros >= clockEnds:
		return max(stored, 1), "this machine's clock is past the year 2100 and is ignored: " +
			"tokens continue from the state directory alone"
	case behind > clockLag:
		return first, "this machine's clock is " + behind.Round(time.Second).String() +
			" behind the fencing tokens: it was set back, or was once ahead. " +
			"Tokens rise all the same, unless an older copy of the state directory is restored"
	}
	return first, ""
}
