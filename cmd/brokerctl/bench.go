package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"github.com/go-json-experiment/json"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/load"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// defaultGoroutines is the default number of goroutines, unless there are more connections.
const defaultGoroutines = 16

// benchCmd is the command "bench".
type benchCmd struct {
	target
	Connections int           `short:"c" default:"1" help:"Number of connections."`
	Goroutines  int           `short:"g" placeholder:"N" help:"Number of goroutines, spread evenly over the connections. Default: 16, or one per connection if there are more than 16 connections."`
	Names       int           `short:"n" default:"100" help:"Number of locks to choose from."`
	Shared      bool          `help:"Acquire the locks shared, not exclusively."`
	Limit       int           `placeholder:"N" help:"Share each lock among at most N holders; implies --shared."`
	Hold        time.Duration `default:"0s" help:"How long to hold each lock."`
	Duration    time.Duration `short:"d" default:"10s" help:"How long to measure, after the warm-up."`
	Warmup      time.Duration `default:"1s" help:"How long to run before measuring."`
	Prefix      string        `placeholder:"TEXT" help:"Prefix of the lock names; a number follows. Default: brokerctl-bench/ and random text, so that no lock in use is touched."`
	JSON        bool          `name:"json" help:"Print one JSON object; field names contain the units."`
}

// Help returns the text that --help shows above the flags.
func (benchCmd) Help() string {
	return `Each goroutine acquires and releases one lock after another. The locks are random, but in the same
order in each run:

    $ brokerctl bench -g 64
    64 goroutines on 1 connection, 100 names, exclusive; measured for 10.0s
    grants           416143, 41614 a second
    latency               p50      p90      p99    p99.9      max
      acquire          707µs   1.48ms   2.91ms   5.56ms   10.6ms
      with release    1.38ms   2.33ms   4.22ms   6.77ms   13.9ms
    by goroutine     fewest 6451, most 6557, ratio 0.984
    waiting at end   37, longest 1.15ms

    grants          during the measured time
    acquire         from the request to the grant, including the wait;
                    p99: 99 of 100 were at least this fast
    with release    acquire plus the time from the release to its
                    confirmation, without the time in between
    by goroutine    fewest and most grants of one goroutine, and fewest/most;
                    with one name the queue keeps the ratio close to 1, with
                    several names it also depends on chance
    waiting at end  requests that still waited; they do not count in acquire

bench uses processor time that a broker on the same machine then lacks. A goroutine that waits sends no further
requests. So the latencies describe these goroutines, not callers that arrive at a fixed rate.

bench also checks that no lock has too many holders (more strictly with --hold) and that tokens rise. A violation ends
bench with exit code 1.

A signal ends the run early. The report covers the time until then, and the exit code is 0, or 1 during the warm-up.
After a failure the report says "until a failure". At the end bench holds nothing. By default the broker remembers the
10000 names that became free last, so a bench with many names makes it forget names of other clients.

Exit codes, besides those of every command:

    75  an operator evicted a waiting request
    76  a lock was lost while it was held`
}

// Validate refuses a plan that cannot be carried out.
func (c *benchCmd) Validate() error {
	if err := c.plan().Validate(); err != nil {
		return fmt.Errorf("--%w", err)
	}
	return nil
}

func (c *benchCmd) plan() load.Plan {
	goroutines := c.Goroutines
	if goroutines == 0 {
		goroutines = max(c.Connections, defaultGoroutines)
	}
	return load.Plan{
		Connections: c.Connections, Goroutines: goroutines, Names: c.Names, Prefix: c.Prefix,
		Shared: c.Shared, Limit: c.Limit, Hold: c.Hold, Warmup: c.Warmup, Duration: c.Duration,
	}
}

// Run puts load on the broker and prints the report.
func (c *benchCmd) Run(app *kong.Kong) error {
	ctx, stop := signalContextFor(os.Stderr)
	defer stop()
	plan := c.plan()
	if plan.Prefix == "" {
		plan.Prefix = "brokerctl-bench/" + strings.ToLower(rand.Text()[:8]) + "/"
	}
	line := newProgressLine(os.Stderr, plan)
	report, err := load.Run(ctx, plan, c.dial, line.show)
	line.clear()
	if err != nil {
		err = benchFailure(err, report != nil)
	}
	if report != nil {
		err = errors.Join(c.print(app.Stdout, report), err)
	}
	return err
}

func (c *benchCmd) print(out io.Writer, report *load.Report) error {
	if !c.JSON {
		_, err := out.Write(report.AppendText(nil))
		return err
	}
	object, err := json.Marshal(report)
	if err == nil {
		_, err = out.Write(append(object, '\n'))
	}
	return err
}

// benchFailure adds the exit code and a hint to an error of the run.
func benchFailure(err error, reported bool) error {
	failure := &cli.Failure{Err: err}
	switch obtained := notObtained(err); {
	case errors.Is(err, load.ErrNothing):
		failure.Err = errors.New("a signal came before anything was measured")
	case errors.Is(err, wsclient.ErrShuttingDown):
		failure.Code = cli.ExitUnavailable
	case errors.As(obtained, &failure): // The connection has ended, or the broker has refused a request.
	case errors.Is(err, wsclient.ErrLost):
		failure.Code = exitLost
	}
	if reported {
		failure.Hint = "the report covers the time until then"
	}
	return failure
}

// A progressLine is a line on a terminal that is overwritten again and again.
type progressLine struct {
	out  *os.File // nil if there is no terminal
	plan load.Plan
}

func newProgressLine(out *os.File, plan load.Plan) progressLine {
	return progressLine{screen.Terminal(out), plan}
}

func (l progressLine) show(p load.Progress) {
	switch {
	case l.out == nil:
	case p.Measured < 0:
		_ = screen.Renew(l.out, "warming up")
	default:
		_ = screen.Renew(l.out, fmt.Sprintf("%v of %v: %.0f grants a second",
			p.Measured.Round(time.Second), l.plan.Duration, float64(p.Grants)/p.Measured.Seconds()))
	}
}

func (l progressLine) clear() {
	if l.out != nil {
		_ = screen.Renew(l.out, "")
	}
}
