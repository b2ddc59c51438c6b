package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/go-json-experiment/json"
	"golang.org/x/term"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/load"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// defaultGoroutines is how many there are where nothing is said, unless there are
// more connections.
const defaultGoroutines = 16

// benchCmd is the command "bench".
type benchCmd struct {
	target
	Connections int           `short:"c" default:"1" placeholder:"N" help:"How many connections."`
	Goroutines  int           `short:"g" placeholder:"N" help:"How many goroutines in all, spread evenly over the connections; without it 16, or one for each connection where these are more."`
	Names       int           `short:"n" default:"100" placeholder:"N" help:"How many locks there are to choose from."`
	Shared      bool          `help:"Ask for the locks shared, not exclusively."`
	Limit       int           `placeholder:"N" help:"Shared by at most N at once; implies --shared."`
	Hold        time.Duration `default:"0s" placeholder:"TIME" help:"How long each lock is held."`
	Duration    time.Duration `short:"d" default:"10s" placeholder:"TIME" help:"How long is measured."`
	Warmup      time.Duration `default:"1s" placeholder:"TIME" help:"How long there is load before that, which does not count."`
	Prefix      string        `placeholder:"TEXT" help:"What the names of the locks begin with; a number follows. Without it brokerctl-bench/ and something random, so that no lock is touched that others use."`
	JSON        bool          `name:"json" help:"Print one JSON object; units are in the names of its fields."`
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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process, whatever it waits for
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
	text := report.AppendText(nil)
	if c.JSON {
		object, err := json.Marshal(report)
		if err != nil {
			return err
		}
		text = append(object, '\n')
	}
	_, err := out.Write(text)
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
	if !term.IsTerminal(int(out.Fd())) {
		out = nil
	}
	return progressLine{out, plan}
}

// eraseLine goes to the beginning of the line and makes it empty.
const eraseLine = "\r\x1b[K"

func (l progressLine) show(p load.Progress) {
	switch {
	case l.out == nil:
	case p.Measured < 0:
		_, _ = fmt.Fprint(l.out, eraseLine+"warming up")
	default:
		_, _ = fmt.Fprintf(l.out, "%s%v of %v: %.0f grants a second", eraseLine,
			p.Measured.Round(time.Second), l.plan.Duration, float64(p.Grants)/p.Measured.Seconds())
	}
}

func (l progressLine) clear() {
	if l.out != nil {
		_, _ = fmt.Fprint(l.out, eraseLine)
	}
}
