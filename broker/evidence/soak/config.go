//go:build linux

package main

import (
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"time"
)

// A config is what the flags say.
type config struct {
	Duration   time.Duration
	Clients    int // in Go
	PerProcess int
	Node       int // clients in Node
	Hostile    int
	Names      int // locks of each kind; 0: a tenth of the clients, and 4
	Seed       uint64
	Timeout    time.Duration
	Drain      time.Duration
	Storm      time.Duration
	Gust       time.Duration // the mean time between two faults
	Think      time.Duration
	Probes     int // acquires and releases in each calm, for the latency
	Report     string
	Log        io.Writer `json:"-"` // progress
}

// parseFlags parses the command line. It has written an error to output.
func parseFlags(args []string, output io.Writer) (*config, error) {
	c := &config{Log: output}
	f := flag.NewFlagSet("soak", flag.ContinueOnError)
	f.SetOutput(output)
	f.DurationVar(&c.Duration, "for", time.Minute, "how long to run")
	f.IntVar(&c.Clients, "clients", 100, "number of clients in Go")
	f.IntVar(&c.PerProcess, "per-process", 50, "number of clients in one process")
	f.IntVar(&c.Node, "node", 4, "number of clients in Node")
	f.IntVar(&c.Hostile, "hostile", 16, "number of hostile clients while they attack")
	f.IntVar(&c.Names, "names", 0, "number of locks of each kind; 0: 4, and one more for every 10 clients")
	f.Uint64Var(&c.Seed, "seed", 1, "seed of the schedule of faults and operations")
	f.DurationVar(&c.Timeout, "session-timeout", 4*time.Second, "session timeout of the broker")
	f.DurationVar(&c.Drain, "drain", 2*time.Second, "how long holders may take to release when the broker stops")
	f.DurationVar(&c.Storm, "storm", 20*time.Second, "length of a storm")
	f.DurationVar(&c.Gust, "gust", 700*time.Millisecond, "mean time between two faults of a storm")
	f.DurationVar(&c.Think, "think", 150*time.Millisecond, "mean pause between two operations of a client")
	f.IntVar(&c.Probes, "probes", 1000, "number of acquires that measure the latency in each calm")
	f.StringVar(&c.Report, "report", "soak-report", "folder for the report, and for the logs of the processes")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 || c.Clients < 1 || c.PerProcess < 1 || c.Node < 0 || c.Hostile < 0 ||
		c.Timeout < time.Millisecond {
		err := fmt.Errorf("bad arguments: run soak -help")
		_, _ = fmt.Fprintln(output, "soak:", err)
		return nil, err
	}
	return c, nil
}

// names returns how many locks of each kind there are.
func (c *config) names() int {
	if c.Names > 0 {
		return c.Names
	}
	return 4 + (c.Clients+c.Node)/10
}

// lease returns how long a client treats its locks as held without hearing from the broker.
func (c *config) lease() time.Duration { return c.Timeout * 2 / 3 }

// patience is how long something may take that needs only a processor, on a busy machine.
const patience = 20 * time.Second

// settleTime returns how long the broker may take after the faults to forget all sessions that have ended, and to grant
// again: a session timeout after the last sign of life, a grace period, and the longest pause before a client
// reconnects.
func (c *config) settleTime() time.Duration {
	const longestPause = 5 * time.Second
	return 3*c.Timeout + longestPause + patience
}

func (c *config) reportFile() string { return filepath.Join(c.Report, "report.md") }
