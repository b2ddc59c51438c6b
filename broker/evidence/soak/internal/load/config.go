//go:build linux

package load

import (
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/record"
)

// A Config says what a client process does.
type Config struct {
	Name     string        // names the process in reports
	URL      string        // of the broker, through the proxy of this process
	Clients  int           // how many clients
	Seed     uint64        // of the choice of operations
	Names    int           // how many locks of each kind
	Think    time.Duration // the mean pause between two operations of a client
	Timeout  time.Duration // the session timeout of the broker
	Resource string        // the file of the resource
}

// The kinds of locks. Every name is a kind, a slash and a number. All requests for a name of kind counted have limit
// countedLimit, so a listing never shows more holders.
const (
	exclusive = "exclusive"
	shared    = "shared" // requests are exclusive or shared
	counted   = "counted"
	several   = "several" // requests ask for two of them
	nested    = "nested"
	loose     = "loose" // may be stolen, and its holders evicted
	once      = "once"  // with MinHold
	leader    = "leader"
	long      = "long" // held for up to a lease

	countedLimit = 3
)

var kinds = []string{exclusive, shared, counted, several, nested, loose, once, leader, long}

// Cells returns how many cells the resource needs for the given number of locks of each kind.
func Cells(names int) int { return len(kinds) * names }

// Locks returns the names of all locks that the operations of all processes share, except those of kind loose.
func Locks(names int) []string {
	var locks []string
	for _, kind := range kinds {
		for n := range names {
			locks = append(locks, lockName(kind, n))
		}
	}
	return locks
}

func lockName(kind string, n int) string { return fmt.Sprintf("%s/%d", kind, n) }

// cell returns the cell of the resource that a lock protects.
func (c *Config) cell(kind string, n int) int {
	for index, k := range kinds {
		if k == kind {
			return index*c.Names + n
		}
	}
	return -1
}

// mostHolders returns how many holders a listing may show for a lock of this kind, or 0 if there is no limit.
func mostHolders(kind string) int {
	switch kind {
	case exclusive, several, nested, loose, once, leader, long:
		return 1
	case counted:
		return countedLimit
	}
	return 0
}

// exclusiveLock describes a lock for the record.
func exclusiveLock(name string) record.Lock { return record.Lock{Name: name} }
