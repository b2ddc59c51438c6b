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

// defaultGoroutines is how many there are where nothing is said, unless there are
// more connections.
const defaultGoroutines = 16

// benchCmd is the command "bench".
type benchCmd struct {
	target
	Connections int           `short:"c" default:"1" help:"How many connections."`
	Goroutines  int           `short:"g" placeholder:"N" help:"How many goroutines in all, spread evenly over the connections; without it 16, or one for each connection where these are more."`
	Names       int           `short:"n" default:"100" help:"How many locks there are to choose from."`
	Shared      bool          `help:"Ask for the locks shared, not exclusively."`
	Limit       int           `placeholder:"N" help:"Shared by at most N at once; implies --shared."`
	Hold        time.Duration `default:"0s" help:"How long each lock is held."`
	Duration    time.Duration `short:"d" default:"10s" help:"How long is measured."`
	Warmup      time.Duration `default:"1s" help:"How long there is load before that, which does not count."`
	Prefix      string        `placeholder:"TEXT" help:"What the names of the locks begin with; a number follows. Without it brokerctl-bench/ and something random, so that no lock is touched that others use."`
	JSON        bool          `name:"json" help:"Print one JSON object; units are in the names of its fields."`
}

// Help is shown below the flags.
func (benchCmd) Help() string {
	return `Goroutines acquire and release locks, each its next when it has released its last, chosen at random but in the same order in each run:

    $ brokerctl bench -g 64
    64 goroutines on 1 connection, 100 names, exclusive; measured for 10.0s
    grants           416143, 41614 a second
    latency               p50      p90      p99    p99.9      max
      acquire          707µs   1.48ms   2.91ms   5.56ms   10.6ms
      with release    1.38ms   2.33ms   4.22ms   6.77ms   13.9ms
    by goroutine     fewest 6451, most 6557, ratio 0.984
    waiting at end   37, longest 1.15ms

    grants          of locks, within the measured time
    acquire         from asking to the grant, with the wait for others;
                    p99: 99 of 100 were not slower
    with release    that, and from the release to its confirmation, without
                    the time in between
    by goroutine    fewest and most grants of one, and the former divided by
                    the latter; with one name the queue decides, and it is
                    close to 1, with several chance does too
    waiting at end  who waited when the time was over, and is not in acquire

The load comes from this process, and takes processor time: from the broker too, where they share a machine. A goroutine that waits asks for nothing meanwhile: the latencies are what these callers have seen, not what callers would see who come at a fixed rate.

Meanwhile it looks whether no lock has more holders than it may have (the more surely with --hold) and whether tokens rise. What is not so ends it with exit code 1.

A signal ends it early; the report is of the time until then, and the exit code 0, or 1 when that was still the warm-up. When it fails, what was measured until then is printed nevertheless, with "until a failure". At the end nothing is held. The broker remembers the names for a while, as it does with all that are free, and forgets those that were used longest ago: with more than 10000 names, those of others.

Exit codes, beside those of every command:

    75  an operator withdrew a request that waited
    76  a lock was lost while it was held
    77  not permitted`
}

// Validate refuses what cannot be done.
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

// Run puts load on the broker and prints what was measured.
func (c *benchCmd) Run(app *kong.Kong) error {
	ctx, stop := untilTold()
	defer stop()
	plan := c.plan()
	if plan.Prefix == "" {
		plan.Prefix = "brokerctl-bench/" + strings.ToLower(rand.Text()[:8]) + "/"
	}
	shown := newProgressLine(os.Stderr, plan)
	report, err := load.Run(ctx, plan, c.dial, shown.show)
	shown.clear()
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

// benchFailure says how the command ends because of err.
func benchFailure(err error, reported bool) error {
	failure := &cli.Failure{Err: err}
	switch obtained := notObtained(err); {
	case errors.Is(err, load.ErrNothing):
		failure.Err = errors.New("a signal came before anything was measured")
	case errors.Is(err, wsclient.ErrShuttingDown):
		failure.Code = cli.ExitUnavailable
	case errors.As(obtained, &failure): // the connection has ended, or a refusal
	case errors.Is(err, wsclient.ErrLost):
		failure.Code = exitLost
	}
	if reported {
		failure.Hint = "what is printed was measured until then"
	}
	return failure
}

// A progressLine is one line of a terminal that is written again and again.
type progressLine struct {
	out  *os.File // nil: there is no terminal
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
