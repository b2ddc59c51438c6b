package simulation

// An Outcome is something that a run may show. The tests make sure that every one of them really occurs.
type Outcome uint8

// The outcomes.
const (
	SawGrant Outcome = iota
	SawRelease
	SawLateGrant    // a grant met a cancel, and the cancel won
	SawLeaseLost    // a client's lease ended while it held
	SawConnLost     // a client's connection ended while it held
	SawExpired      // a client's hold was over
	SawEvicted      // an operator evicted a holder
	SawStolen       // a steal took a lock
	SawOuterLost    // a call failed because the lock around it was lost
	SawTimeout      // a wait was over
	SawUnavailable  // a call that does not wait was refused
	SawNotGranting  // the same, because the broker granted nothing
	SawShutDown     // a waiter was withdrawn because the broker drained
	SawDeadlock     // a nested request was refused
	SawGaveUp       // a call gave up
	SawCovered      // a nested call borrowed its lock
	SawResubmit     // a waiting request was sent again
	SawKept         // locks of an ended session were kept
	SawFreed        // locks of an ended session went to others at once
	SawUnkept       // kept locks went earlier, because the client was heard to have ended
	SawLockDelay    // locks were kept only because of the lock delay
	SawSilent       // the broker ended a silent session
	SawSilence      // a client fell silent
	SawGoodbye      // a client said goodbye
	SawGrace        // a run began with a grace period
	SawNoTokens     // the broker paused because it had no tokens
	SawDiskFailure  // a write to the state directory failed
	SawRestore      // the state directory was an older copy
	SawUncleanEnd   // a drain ended while something was held
	SawCleanEnd     // a drain ended with nothing held
	SawSlowConsumer // the broker cut off a client that did not read
	SawWriteStall   // a write made no progress for too long
	SawDialFailed   // a client could not connect
	SawStaleWrite   // a resource without tokens took a write of a stale holder
	SawFenced       // a resource with tokens refused one
	SawStaleThaw    // a process woke up after its lock was granted to another
	SawConfirmed    // a client has learned that the broker handled an async release
	SawLateLoss     // a client has reported a loss after an async release

	// The rest is for several brokers.

	SawTakeover   // a broker became the owner
	SawDeposed    // an owner learned that it is no longer one
	SawRollCall   // a term began with sessions on record
	SawAccepted   // a term began with the snapshot of the last one
	SawMove       // a broker with a state directory left its sessions to the next run
	SawHandOver   // a standby had the snapshot in time
	SawSuccession // a client waited for the next owner
	SawAbsent     // a session lost its connection, and went on
	SawResumed    // a session was taken up
	SawNotResumed // a session could not be taken up
	SawAbandoned  // nobody took up an absent session in time
	SawRevisit    // after a crash, a nested request was searched for a deadlock
	SawPurged     // a session on record did not come back in time
	outcomes
)

// outcomeNames has the name of each outcome.
var outcomeNames = [outcomes]string{
	"grant", "release", "late grant cancelled", "lost by lease", "lost by connection", "expired", "evicted",
	"stolen",
	"outer lock lost", "timed out", "unavailable", "not granting", "withdrawn by a drain", "deadlock refused",
	"gave up", "covered", "resubmitted", "kept", "freed at once", "kept locks freed early", "kept by lock delay",
	"silent session ended", "client fell silent", "goodbye", "grace period", "no tokens", "disk failure",
	"older copy restored", "unclean end of a drain", "clean end of a drain", "slow consumer", "stalled write",
	"dial failed", "stale write", "stale write refused", "stale holder thawed",
	"async release confirmed", "late loss",
	"takeover", "owner deposed", "sessions on record at a takeover", "snapshot accepted",
	"moved to the next run", "snapshot received",
	"client waits for the next owner", "session absent", "session taken up", "session not taken up",
	"absent session abandoned", "nested request revisited", "session purged",
}

// String returns the name of the outcome.
func (o Outcome) String() string { return outcomeNames[o] }

// An Excuse is a case in which two clients may hold a lock at once, because the promises exclude it.
type Excuse uint8

// The excuses.
const (
	noExcuse   Excuse = iota
	ByOperator        // an operator evicted or stole, and the holder has not heard of it yet
	ForgedEnd         // something in between ended the broker's side, and there is no lock delay
	OddClocks         // the clocks do not run at rates within 10 % of each other
	NoStateDir        // the broker was restarted, and has no state directory
	UnseenCopy        // the state directory is an older copy, and the broker cannot tell
	excuses
)

// excuseNames has the name of each excuse.
var excuseNames = [excuses]string{
	"none", "taken by an operator", "broker's side ended by something in between", "clocks too far apart",
	"restart without a state directory", "older copy that the broker cannot recognise",
}

// String returns the name of the excuse.
func (e Excuse) String() string { return excuseNames[e] }

// Counts says how often each outcome, each excuse and each kind of fault has occurred.
type Counts struct {
	Outcomes [outcomes]int
	Excuses  [excuses]int
	Faults   [faultKinds]int // those that found something to affect
}

func (c *Counts) add(o Outcome) { c.Outcomes[o]++ }

// Add adds the counts of another run.
func (c *Counts) Add(other *Counts) {
	for i, n := range other.Outcomes {
		c.Outcomes[i] += n
	}
	for i, n := range other.Excuses {
		c.Excuses[i] += n
	}
	for i, n := range other.Faults {
		c.Faults[i] += n
	}
}

// Missing returns the names of the outcomes and faults that have never occurred.
func (c *Counts) Missing() []string {
	var missing []string
	for i, n := range c.Outcomes {
		if n == 0 {
			missing = append(missing, Outcome(i).String())
		}
	}
	for kind := Freeze; kind < faultKinds; kind++ {
		if c.Faults[kind] == 0 {
			missing = append(missing, "fault "+kind.String())
		}
	}
	return missing
}
