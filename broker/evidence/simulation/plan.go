package simulation

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A Plan says everything that happens in a run of the world, except what the broker and the clients decide.
// [Plan.String] writes it as text, and [ParsePlan] reads that.
type Plan struct {
	Seed      uint64        // of the delays, and of everything else that the plan does not say
	Timeout   time.Duration // the session timeout
	Heartbeat time.Duration
	// NextTimeout is the session timeout of every second run of the broker. 0: all runs have the same.
	NextTimeout time.Duration
	Drain       time.Duration // how long holders have to release when the broker drains
	Delay       time.Duration // the longest usual delay of a message
	Quiet       time.Duration // from then on there are no faults
	Tokens      int64         // how many tokens the broker reserves at a time
	Window      int           // how many messages in one direction the kernels take before a writer must wait
	// Slice is how many requests the broker ends, or grants, in one slice of its work. 0: as in package broker.
	Slice     int
	Rate      int64 // of the broker's clock: how far it runs in a million nanoseconds
	LockDelay bool
	StateDir  bool
	// Lasting says that sessions can be taken up, with a broker alone that has a state directory.
	Lasting bool
	// Brokers is how many brokers there are, which share a store. 0: there is one, without a store.
	Brokers  int
	Takeover time.Duration // how long a standby waits
	Rate2    int64         // of the clock of the second broker, as Rate
	Rate3    int64         // of that of the third
	// StoreErrors is how many percent of the calls of the store go wrong in some way.
	StoreErrors int
	Clients     []Client
	Calls       []Call
	Faults      []Fault
}

// A Client is a program on a machine of its own.
type Client struct {
	Number   int
	Rate     int64         // of its clock, as in Plan
	StopTime time.Duration // of its options
	Asleep   bool          // its system tells how long it was suspended
	React    time.Duration // how long a caller may take to run when it is woken
	Resume   bool          // its session is kept after every end of a connection
	Old      bool          // it cannot take up its session at all
}

// A Call is a WithLock, a TryWithLock, or an Acquire with Steal, by a client.
type Call struct {
	Number  int
	Client  int           // the number of the client
	At      time.Duration // when it is made: since the beginning, or since the call around it holds
	In      int           // the call of the same client that it is made inside; 0: none
	Under   int           // a call of any client whose request it names as its parent; 0: none
	Locks   []wire.LockSpec
	Wait    time.Duration // 0: for ever
	Hold    time.Duration // 0: no end
	MinHold time.Duration
	GiveUp  time.Duration // how long until its context ends; 0: never
	Work    time.Duration // how long its function takes at least
	Try     bool          // it does not wait
	Steal   bool
	Async   bool // its function does not wait until the broker has confirmed the release
}

// A Fault is something that an adversary does to the world, or an operator.
type Fault struct {
	Kind   FaultKind
	Client int           // the number of the client that it affects; 0: none
	Broker int           // the number of the broker that it affects; 0: the owner, or the only one
	At     time.Duration // when it begins
	For    time.Duration // how long it lasts
	By     time.Duration // by how much: a delay, or how far a clock is set
	Lock   string        // for an evict
}

// A FaultKind is what a fault does.
type FaultKind uint8

// The kinds of faults. Those up to EvictHolder are for one client.
const (
	noFault       FaultKind = iota
	Freeze                  // the process stands still, and all clocks go on
	Suspend                 // the machine stands still, and its monotonic clock too; its wall clock is set
	Kill                    // the process dies, and its kernel closes its connection; it starts again afterwards
	Vanish                  // the machine loses its power, and no kernel says so; it starts again afterwards
	SetWall                 // the wall clock is set
	LateTimers              // timers fire late
	SlowReader              // the program reads nothing
	CutUp                   // nothing gets from the client to the broker
	CutDown                 // nothing gets from the broker to the client
	CutBoth                 // nothing gets through
	Lag                     // messages take longer
	LagDown                 // messages from the broker to the client take longer
	ResetClient             // the client sees RST, and the broker sees nothing
	ResetBroker             // something in between resets the broker's side only
	CloseBroker             // something in between closes the broker's side only, with FIN
	ResetBoth               // both sides see RST
	FailBroker              // the broker's system reports ETIMEDOUT, and the client sees nothing
	FailClient              // the same for the client
	CloseClient             // the program closes its client
	DrainClient             // the program drains its client
	EvictHolder             // an operator evicts the first holder of a lock
	EvictWaiter             // an operator evicts the first waiter of a lock
	DrainBroker             // SIGTERM; the broker starts again afterwards
	KillBroker              // kill -9; the broker starts again afterwards
	VanishBroker            // the broker's machine loses its power, and what was not synced
	FreezeBroker            // the broker's process stands still
	SlowLoop                // the loop takes that long for each item
	DiskFails               // nothing can be written to the state directory
	DiskSlow                // a write takes that long
	RestoreSeen             // when the broker starts next, its state directory is an older copy, and it can tell
	RestoreUnseen           // the same, but it cannot tell
	SetBrokerWall           // the broker's wall clock is set
	// The rest is for several brokers.
	SuspendBroker // the broker's machine stands still, and its monotonic clock too
	PauseBroker   // the broker's machine stands still, and all its clocks
	CutStore      // nothing gets through between a broker and the store
	StoreDown     // the store answers nobody
	CutBroker     // nothing gets through between the clients and a broker
	faultKinds
	singleKinds = SuspendBroker // those before are for a single broker
)

// timeoutOf returns the session timeout of a run of the broker.
func (p *Plan) timeoutOf(run int32) time.Duration {
	if run%2 == 0 && p.NextTimeout > 0 {
		return p.NextTimeout
	}
	return p.Timeout
}

func (p *Plan) longestTimeout() time.Duration { return max(p.Timeout, p.NextTimeout) }

// heartbeatOf returns the heartbeat of a run with a session timeout.
func (p *Plan) heartbeatOf(timeout time.Duration) time.Duration {
	return p.Heartbeat * (timeout / time.Millisecond) / (p.Timeout / time.Millisecond)
}

// isCluster reports whether there are several brokers.
func (p *Plan) isCluster() bool { return p.Brokers > 1 }

// lasts reports whether sessions can be taken up.
func (p *Plan) lasts() bool { return p.Lasting || p.isCluster() }

// rateOf returns the rate of the clock of a broker.
func (p *Plan) rateOf(broker int) int64 {
	return [...]int64{p.Rate, p.Rate2, p.Rate3}[broker]
}
