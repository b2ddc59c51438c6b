package main

import (
	"context"
	"errors"
	"flag"
	"io/fs"
	"maps"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/cmd/internal/cmdtest"
	"github.com/lockbroker/lockbroker/wsclient"
)

var update = flag.Bool("update", false, "rewrite the golden files of testdata")

func TestMain(m *testing.M) {
	cmdtest.Main(m, map[string]func(){"brokerctl": main, "testchild": testChild, "testbroker": testBroker})
}

// TestScripts runs testdata/brokerctl. Each script has its own broker at BROKERCTL_HOST and BROKERCTL_PORT.
func TestScripts(t *testing.T) {
	path := cmdtest.Path(t, scriptPrograms...)
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/brokerctl",
		Setup:               func(env *testscript.Env) error { return setup(env, path) },
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Cmds:                commands(),
	})
}

// scriptPrograms are the programs that the scripts may use besides those of TestMain.
var scriptPrograms = []string{
	"bash", "cat", "dd", "echo", "env", "flock", "grep", "head", "mkfifo", "pgrep", "ps", "rm", "sed", "setsid",
	"ls", "sh", "sleep", "stty", "timeout", "touch", "tr", "true", "tty", "uniq",
}

// commands returns the commands of the scripts.
func commands() map[string]func(*testscript.TestScript, bool, []string) {
	all := map[string]func(*testscript.TestScript, bool, []string){
		"hold":        hold,
		"nest":        nest,
		"heldsoon":    heldSoon,
		"queue":       queue,
		"use":         use,
		"cmpmasked":   compareMasked,
		"mute":        mute,
		"oldbroker":   oldBroker,
		"ownerof":     ownerOfTerm,
		"refusing":    refusing,
		"replyserver": replyServer,
		"holder":      holder,
		"waiter":      waiter,
		"useuntil":    useUntil,
		"fileuntil":   fileUntil,
		"inuse":       inUse,
		"waiting":     waiting,
		"stopbroker":  stopBroker,
		"benchjson":   benchJSON,
		"crashed":     crashed,
		"draining":    draining,
	}
	maps.Copy(all, terminalCommands)
	maps.Copy(all, frontendCommands)
	return all
}

// TestExamples checks that the help of each command has an example.
func TestExamples(t *testing.T) { cmdtest.CheckExamples(t, newApp()) }

// A stage is the state of a script.
type stage struct {
	ctx    context.Context
	client *wsclient.Client
	broker *cmdtest.Broker
	queued sync.WaitGroup
	last   *wsclient.Lock // acquired last by hold

	terminal *terminal // opened last
}

type stageKey struct{}

// scriptTimeout is far longer than a script takes on a busy machine, and shorter than the time that go test has.
const scriptTimeout = 5 * time.Minute

func setup(env *testscript.Env, path string) error {
	b, err := cmdtest.StartBroker(broker.Config{Drain: broker.None})
	if err != nil {
		return err
	}
	env.Defer(b.Stop)
	host, port, err := net.SplitHostPort(b.Address())
	if err != nil {
		return err
	}
	env.Setenv("BROKERCTL_HOST", host)
	env.Setenv("BROKERCTL_PORT", port)
	env.Setenv("PATH", path)
	// Otherwise each process of a race build sleeps for 1 s at its end.
	env.Setenv("GORACE", "atexit_sleep_ms=0")

	// A script that fails, or takes too long, must not wait forever for what it has started in the background.
	ctx, cancel := context.WithTimeout(context.Background(), scriptTimeout)
	work := env.WorkDir
	kill := func() {
		if killed := killLeftovers(work); len(killed) > 0 {
			env.T().Log("still running, and killed:\n\t" + strings.Join(killed, "\n\t"))
		}
	}
	stop := context.AfterFunc(ctx, kill)
	env.Defer(func() { stop(); kill(); cancel() })
	client, err := wsclient.Dial(ctx, b.URL(), &wsclient.Options{Label: "script"})
	if err != nil {
		return err
	}
	s := &stage{ctx: ctx, client: client, broker: b}
	env.Defer(func() { _ = client.Close(); s.queued.Wait() })
	env.Values[stageKey{}] = s
	return nil
}

func stageOf(ts *testscript.TestScript) *stage { return ts.Value(stageKey{}).(*stage) }

// hold AUTHOR NAME [shared] holds a lock. An argument in double quotes is a Go string.
func hold(ts *testscript.TestScript, _ bool, args []string) {
	s, author, name := stageOf(ts), text(ts, args[0]), text(ts, args[1])
	options := &wsclient.AcquireOptions{Author: author}
	if len(args) > 2 { // "shared" or "shared/3"
		options.Mode = wsclient.Shared
		_, limit, _ := strings.Cut(args[2], "/")
		options.Limit, _ = strconv.Atoi(limit)
	}
	lock, err := s.client.Acquire(s.ctx, name, options)
	ts.Check(err)
	s.last = lock
}

// nest AUTHOR NAME holds a lock inside the lock of the last hold.
func nest(ts *testscript.TestScript, _ bool, args []string) {
	s := stageOf(ts)
	_, err := s.client.Acquire(s.last.Context(), args[1], &wsclient.AcquireOptions{Author: args[0]})
	ts.Check(err)
}

// heldsoon NAME waits until the lock is held.
func heldSoon(ts *testscript.TestScript, _ bool, args []string) {
	s := stageOf(ts)
	ts.Check(cmdtest.WaitForLock(s.ctx, s.client, args[0], func(l wire.LockInfo) bool { return l.Holding > 0 }))
}

// queue AUTHOR NAME [COUNT] starts requests and waits until they are in the queue.
func queue(ts *testscript.TestScript, _ bool, args []string) {
	s, author, name, count := stageOf(ts), text(ts, args[0]), text(ts, args[1]), 1
	if len(args) > 2 {
		var err error
		count, err = strconv.Atoi(args[2])
		ts.Check(err)
	}
	before := 0
	ts.Check(cmdtest.WaitForLock(s.ctx, s.client, name,
		func(l wire.LockInfo) bool { before = l.Waiting; return true }))
	for range count {
		// Ends with an error when the client is closed.
		s.queued.Go(func() {
			_, _ = s.client.Acquire(s.ctx, name, &wsclient.AcquireOptions{Author: author})
		})
	}
	ts.Check(cmdtest.WaitForLock(s.ctx, s.client, name,
		func(l wire.LockInfo) bool { return l.Waiting == before+count }))
}

// use NAME acquires and releases a lock.
func use(ts *testscript.TestScript, _ bool, args []string) {
	s := stageOf(ts)
	lock, err := s.client.Acquire(s.ctx, args[0], nil)
	ts.Check(err)
	ts.Check(lock.Release())
}

// mute points BROKERCTL_PORT at a server that accepts connections and never answers.
func mute(ts *testscript.TestScript, _ bool, _ []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = listener.Close() })
	_, port, err := net.SplitHostPort(listener.Addr().String())
	ts.Check(err)
	ts.Setenv("BROKERCTL_PORT", port)
}

// refusing STATUS points BROKERCTL_PORT at a server that answers with an HTTP status.
func refusing(ts *testscript.TestScript, _ bool, args []string) {
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "not you", status)
	}))
	ts.Defer(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	ts.Check(err)
	ts.Setenv("BROKERCTL_PORT", port)
}

// holder NAME sets HOLDER to the id of the first holder of the lock.
func holder(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv("HOLDER", lockOf(ts, args[0]).Holders[0].ID.String())
}

// waiter NAME N sets WAITER to the id of the Nth waiter of the lock, counted from 0.
func waiter(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Setenv("WAITER", lockOf(ts, args[0]).Waiters[n].ID.String())
}

func lockOf(ts *testscript.TestScript, name string) (found wire.LockInfo) {
	s := stageOf(ts)
	ts.Check(cmdtest.WaitForLock(s.ctx, s.client, name, func(l wire.LockInfo) bool { found = l; return true }))
	return found
}

// useuntil NAME FILE REGEXP acquires and releases the lock until the file matches.
func useUntil(ts *testscript.TestScript, _ bool, args []string) {
	wanted, err := regexp.Compile(args[2])
	ts.Check(err)
	for !wanted.MatchString(readUntil(ts, args[1])) {
		use(ts, false, args[:1])
		cmdtest.Pause(stageOf(ts).ctx)
	}
}

// fileuntil FILE REGEXP waits until the file matches.
func fileUntil(ts *testscript.TestScript, _ bool, args []string) {
	wanted, err := regexp.Compile(args[1])
	ts.Check(err)
	for !wanted.MatchString(readUntil(ts, args[0])) {
		cmdtest.Pause(stageOf(ts).ctx)
	}
}

// inuse NAME waits until the lock has been granted twice. Then the first holder of an exclusive lock knows of
// its grant.
func inUse(ts *testscript.TestScript, _ bool, args []string) {
	s := stageOf(ts)
	ts.Check(cmdtest.WaitForLock(s.ctx, s.client, args[0], func(l wire.LockInfo) bool { return l.Grants > 1 }))
}

// waiting NAME COUNT waits until this many requests wait for the lock.
func waiting(ts *testscript.TestScript, _ bool, args []string) {
	count, err := strconv.Atoi(args[1])
	ts.Check(err)
	s := stageOf(ts)
	ts.Check(cmdtest.WaitForLock(s.ctx, s.client, args[0],
		func(l wire.LockInfo) bool { return l.Waiting == count }))
}

// stopbroker stops the broker.
func stopBroker(ts *testscript.TestScript, _ bool, _ []string) { stageOf(ts).broker.Stop() }

// crashed points BROKERCTL_PORT at a broker that grants nothing for an hour, because clients of its last run
// may still hold their locks.
func crashed(ts *testscript.TestScript, _ bool, _ []string) {
	s := stageOf(ts)
	config := broker.Config{Drain: broker.None, DrainAll: true, StateDir: ts.MkAbs("state"), Timeout: time.Hour}
	b, err := cmdtest.StartBroker(config)
	ts.Check(err)
	client, err := wsclient.Dial(s.ctx, b.URL(), nil)
	ts.Check(err)
	_, err = client.Acquire(s.ctx, "held", nil)
	ts.Check(err)
	b.Stop()
	ts.Check(client.Close())
	b, err = cmdtest.StartBroker(config)
	ts.Check(err)
	ts.Defer(b.Stop)
	_, port, err := net.SplitHostPort(b.Address())
	ts.Check(err)
	ts.Setenv("BROKERCTL_PORT", port)
}

// benchjson FILE ENDING checks that the file is one report with this ending and consistent figures.
func benchJSON(ts *testscript.TestScript, _ bool, args []string) {
	var r struct {
		EndedBy   string  `json:"ended_by"`
		Grants    int64   `json:"grants"`
		PerSecond float64 `json:"grants_per_second"`
		Measured  float64 `json:"measured_seconds"`
		Acquire   struct {
			P50  float64 `json:"p50"`
			P999 float64 `json:"p99_9"`
			Max  float64 `json:"max"`
		} `json:"acquire_us"`
		By struct {
			Fewest int64 `json:"fewest"`
			Most   int64 `json:"most"`
		} `json:"grants_by_goroutine"`
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &r))
	goesTogether := r.Grants > 0 && r.Measured > 0 &&
		math.Abs(r.PerSecond*r.Measured-float64(r.Grants)) < 0.01 &&
		0 < r.Acquire.P50 && r.Acquire.P50 <= r.Acquire.P999 && r.Acquire.P999 <= r.Acquire.Max &&
		r.By.Fewest <= r.By.Most && r.By.Most <= r.Grants
	if r.EndedBy != args[1] || !goesTogether {
		ts.Fatalf("got %+v", r)
	}
}

// readUntil returns the content of a file that may not exist yet. It fails if the time of the script is up.
func readUntil(ts *testscript.TestScript, name string) string {
	text, err := os.ReadFile(ts.MkAbs(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		ts.Check(err)
	}
	if stageOf(ts).ctx.Err() != nil {
		ts.Fatalf("no match in time; the file %s is %q", name, text)
	}
	return string(text)
}

// masks replace the parts that differ from run to run.
var masks = []struct {
	pattern *regexp.Regexp
	mask    string
}{
	{regexp.MustCompile(`\b[a-z0-9]{8}--[0-9]+`), "ID"},
	{regexp.MustCompile(`\b[0-9]+:[0-9]{2}:[0-9]{2}\.[0-9]{6}\b`), "H:MM:SS.ffffff"},
	{regexp.MustCompile(`(?m)^[-0-9]{10}T[0-9:]{8}(Z|[-+][0-9:]{5})  [0-9.:]+  `), "TIME  ADDR  "},
	{regexp.MustCompile(`(?m)^( +[0-9]+) +[0-9.]+s( +[0-9]+) +[0-9.]+s `), "$1 Ns$2 Ns "},
	{regexp.MustCompile(`(?m)^( +[0-9]+) +[0-9.]+s `), "$1 Ns "},
	{regexp.MustCompile(`"token":[0-9]+`), `"token":N`},
	{regexp.MustCompile(`token [0-9]+`), `token N`},
	{regexp.MustCompile(`from 127.0.0.1:[0-9]+`), `from ADDR`},
	{regexp.MustCompile(`"duration_ms":[0-9]+`), `"duration_ms":N`},
	{regexp.MustCompile(`"remote":"127.0.0.1:[0-9]+"`), `"remote":"ADDR"`},
}

// cmpmasked FILE GOLDEN compares two files after masking the first.
func compareMasked(ts *testscript.TestScript, _ bool, args []string) {
	got, want := ts.ReadFile(args[0]), ts.ReadFile(args[1])
	for _, m := range masks {
		got = m.pattern.ReplaceAllString(got, m.mask)
	}
	if got != want {
		ts.Fatalf("got:\n%s\nwant:\n%s", got, want)
	}
}

func text(ts *testscript.TestScript, arg string) string {
	if !strings.HasPrefix(arg, `"`) {
		return arg
	}
	s, err := strconv.Unquote(arg)
	ts.Check(err)
	return s
}
