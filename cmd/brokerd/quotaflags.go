package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime/debug"

	"github.com/dustin/go-humanize"

	"github.com/lockbroker/lockbroker/broker"
)

// quotaFlags are the flags that say what one identity, or one address, may use, and how much memory all together may.
type quotaFlags struct {
	MaxConnectionsPerIdentity int  `env:"BROKERD_MAX_CONNECTIONS_PER_IDENTITY" placeholder:"N" help:"Maximum number of clients of one identity. Default: half of --max-connections."`
	MaxMemory                 size `default:"600MiB" env:"BROKERD_MAX_MEMORY" placeholder:"SIZE" help:"About how much memory the broker may use, such as 600MiB. Above it, it refuses requests, watches and clients. The process may take half as much again."`

	QuotaRequests          int     `env:"BROKERD_QUOTA_REQUESTS" placeholder:"N" help:"Maximum number of requests of one identity, or of one address without identities, that wait or hold. They count as for --max-requests. Default: half of --max-requests."`
	QuotaWaiting           int     `env:"BROKERD_QUOTA_WAITING" placeholder:"N" help:"Maximum number of requests of one identity or address that wait. Default: half of --quota-requests."`
	QuotaAcquiresPerSecond float64 `env:"BROKERD_QUOTA_ACQUIRES_PER_SECOND" placeholder:"N" help:"Maximum number of acquires of one identity or address in a second, in the long run. Default: any number."`
	QuotaAcquireBurst      int     `env:"BROKERD_QUOTA_ACQUIRE_BURST" placeholder:"N" help:"How many acquires of one identity or address may come at once. A client that reconnects sends at once everything that it waits for. Default: what may come in a second, or what may wait but at most 10000, whichever is more."`
	QuotaWatches           int     `env:"BROKERD_QUOTA_WATCHES" placeholder:"N" help:"Maximum number of watches of one identity or address. Default: half of --max-watches."`
}

// A size is a number of bytes. As text it may have a unit.
type size int64

// UnmarshalText parses a number with or without a unit, such as 600MiB or 1.5GB.
func (s *size) UnmarshalText(text []byte) error {
	bytes, err := humanize.ParseBytes(string(text))
	if err != nil || bytes > math.MaxInt64 {
		return fmt.Errorf("%.80q is not a size: want bytes, or a number with a unit such as 600MiB", text)
	}
	*s = size(bytes)
	return nil
}

// validateQuota refuses values out of range.
func (f *quotaFlags) validateQuota() error {
	for _, limit := range []struct {
		flag  string
		value int
	}{
		{"--max-connections-per-identity", f.MaxConnectionsPerIdentity},
		{"--quota-requests", f.QuotaRequests},
		{"--quota-waiting", f.QuotaWaiting},
		{"--quota-acquire-burst", f.QuotaAcquireBurst},
		{"--quota-watches", f.QuotaWatches},
	} {
		if limit.value < 0 {
			return fmt.Errorf("%s: want 1 or more", limit.flag)
		}
	}
	switch rate := f.QuotaAcquiresPerSecond; {
	case f.MaxMemory < 1:
		return errors.New("--max-memory: want more than 0")
	case math.IsNaN(rate) || rate < 0 || rate > math.MaxInt32:
		return fmt.Errorf("--quota-acquires-per-second: want more than 0, and at most %d", math.MaxInt32)
	case f.QuotaAcquireBurst > 0 && rate == 0:
		return errors.New("--quota-acquire-burst has no effect without --quota-acquires-per-second")
	}
	return nil
}

// quota returns the quota that the flags set.
func (f *quotaFlags) quota() broker.Quota {
	return broker.Quota{
		Requests: f.QuotaRequests, Waiting: f.QuotaWaiting,
		AcquiresPerSecond: f.QuotaAcquiresPerSecond, AcquireBurst: f.QuotaAcquireBurst,
		Watches: f.QuotaWatches,
	}
}

// limitRuntime makes the Go runtime collect garbage more often before the process takes more than --max-memory and
// half as much again. --max-memory bounds what the broker can reach. Without this limit the heap could grow to twice
// that before the next collection. GOMEMLIMIT in the environment takes precedence.
func (f *quotaFlags) limitRuntime() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(int64(f.MaxMemory) + int64(f.MaxMemory)/2)
	}
}
