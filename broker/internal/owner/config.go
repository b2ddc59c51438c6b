package owner

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
)

// A Config holds the settings of a machine. All but MaxChanges are needed.
type Config struct {
	// Self is this run of the broker.
	Self cluster.Broker
	// Takeover is how long a standby must see the same record before it becomes the owner, at least a second. 5 s
	// suits etcd, which may take 3 s to choose a leader.
	Takeover time.Duration
	// Timeout is the session timeout.
	Timeout time.Duration
	// TokenRange is how many fencing tokens a takeover reserves.
	TokenRange int64
	// MaxChanges is how many sessions one write may put and delete. Default 100, because etcd allows 128
	// operations in a transaction unless it is configured otherwise.
	MaxChanges int
}

const (
	longestRenewal    = 500 * time.Millisecond
	defaultMaxChanges = 100
	// maxWriteBytes is about how large the sessions of one write may be. etcd refuses requests above 1.5 MiB.
	maxWriteBytes = 512 << 10
)

// renewal returns the longest time between the beginnings of two writes of the owner.
func (c *Config) renewal() time.Duration { return min(longestRenewal, c.Takeover/10) }

// gate returns how long after the sending of an acknowledged write the owner may answer, by its own clocks. A clock
// that is 10 % slow measures it as Takeover.
func (c *Config) gate() time.Duration { return c.Takeover * 10 / 11 }

// grace returns how long clients of this owner may treat their locks as held after a takeover, by the clock of the
// new owner: see the package comment.
func (c *Config) grace() time.Duration { return c.Takeover + c.Timeout*4/3*11/10 }

// poll returns how often a standby reads the record.
func (c *Config) poll() time.Duration { return c.Takeover / 10 }

// fastPoll returns how often a standby reads the record while it expects to be named the owner.
func (c *Config) fastPoll() time.Duration { return c.Takeover / 200 }

// retry returns the pause before a call of the store that failed is repeated.
func (c *Config) retry() time.Duration { return c.Takeover / 50 }

// outage returns the longest time between two reads that still count as watching the record without a gap.
func (c *Config) outage() time.Duration { return c.Takeover / 2 }

// patience returns how long one call of the store may take.
func (c *Config) patience() time.Duration { return c.Takeover / 5 }
