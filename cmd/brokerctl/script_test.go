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

// TestScripts runs testdata/brokerctl. Each script has a broker of its own, to
// which BROKERCTL_HOST and BROKERCTL_PORT lead.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/brokerctl",
		Setup:               setup,
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Cmds:                commands(),
	})
}

// commands are those of the scripts.
func commands() map[string]func(*testscript.TestScript, bool, []string) {
	all := map[string]func(*testscript.TestScript, bool, []string){
		"hold":        hold,
		"nest":        nest,
		"heldsoon":    heldSoon,
		"queue":       queue,
		"use":         use,
		"cmpmasked":   compareMasked,
		"mute":        mute,
		"refusing":    refusing,
		"replyserver": replyServer,
		"holder":      holder,
		"waiter":      waiter,
		"useuntil":    useUntil,
		"fileuntil":   fileUntil,
		"inuse":       inUse,
		"stopbroker":  stopBroker,
		"benchjson":   benchJSON,
		"crashed":     crashed,
	}
	maps.Copy(all, terminalCommands)
	return all
}

// TestExamples: the help of each command shows how it is called.
func TestExamples(t *testing.T) { cmdtest.CheckExamples(t, newApp()) }

// A stage is what a script acts on.
type stage struct {
	ctx    context.Context
	client *wsclient.Client
	broker *cmdtest.Broker
	queued sync.WaitGroup
	last   *wsclient.Lock // that was held

	terminal *terminal // the last that was opened
}

type stageKey struct{}

func setup(env *testscript.Env) error {
	b, err := cmdtest.StartBroker(broker.Config{Drain: -1})
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
	// With the race detector each process would otherwise sleep for 1 s at its end.
	env.Setenv("GORACE", "atexit_sleep_ms=0")

	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	env.Defer(cancel)
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

// hold AUTHOR NAME [shared]: a lock is held from here on. An argument in double
// quotes is a string of Go.
func hold(ts *testscript.TestScript, _ bool, args []string) {
	s, author, name := stageOf(ts), text(ts, args[0]), text(ts, args[1])
	options := &wsclient.AcquireOptions{Author: author}
	if len(args) > 2 { // shared, or shared/3
		options.Mode = wsclient.Shared
		_, limit, _ := strings.Cut(args[2], "/")
		options.Limit, _ = strconv.Atoi(limit)
	}
	lock, err := s.client.Acquire(s.ctx, name, options)
	ts.Check(err)
	s.last = lock
}

// nest AUTHOR NAME: the same, inside the lock that was held last.
func nest(ts *testscript.TestScript, _ bool, args []string) {
	s := stageOf(ts)
	_, err := s.client.Acquire(s.last.Context(), args[1], &wsclient.AcquireOptions{Author: args[0]})
	ts.Check(err)
}

// heldsoon NAME: somebody holds the lock from here on.
func heldSoon(ts *testscript.TestScript, _ bool, args []string) {
	s := stageOf(ts)
	ts.Check(cmdtest.WaitForLock(s.ctx, s.client, args[0], func(l wire.LockInfo) bool { return l.Holding > 0 }))
}

// queue AUTHOR NAME [COUNT]: so many wait from here on.
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

// use NAME: a lock was held and is free now.
func use(ts *testscript.TestScript, _ bool, args []string) {
	s := stageOf(ts)
	lock, err := s.client.Acquire(s.ctx, args[0], nil)
	ts.Check(err)
	ts.Check(lock.Release())
}

// mute: BROKERCTL_PORT leads to something that takes connections and never
// answers.
func mute(ts *testscript.TestScript, _ bool, _ []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = listener.Close() })
	_, port, err := net.SplitHostPort(listener.Addr().String())
	ts.Check(err)
	ts.Setenv("BROKERCTL_PORT", port)
}

// refusing STATUS: BROKERCTL_PORT leads to a broker that lets nobody in.
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

// holder NAME: HOLDER is the id of the first that holds the lock.
func holder(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv("HOLDER", lockOf(ts, args[0]).Holders[0].ID.String())
}

// waiter NAME N: WAITER is the id of the one that waits for the lock as the Nth,
// counted from 0.
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

// useUntil NAME FILE REGEXP: the lock is held and released until the file holds
// something like that.
func useUntil(ts *testscript.TestScript, _ bool, args []string) {
	wanted, err := regexp.Compile(args[2])
	ts.Check(err)
	for !wanted.MatchString(readUntil(ts, args[1])) {
		use(ts, false, args[:1])
	}
}

// fileUntil FILE REGEXP: the file holds something like that from here on.
func fileUntil(ts *testscript.TestScript, _ bool, args []string) {
	wanted, err := regexp.Compile(args[1])
	ts.Check(err)
	for !wanted.MatchString(readUntil(ts, args[0])) {
	}
}

// inuse NAME: the lock was granted twice before here, so that whoever had it first
// knows of it, if it is exclusive.
func inUse(ts *testscript.TestScript, _ bool, args []string) {
	s := stageOf(ts)
	ts.Check(cmdtest.WaitForLock(s.ctx, s.client, args[0], func(l wire.LockInfo) bool { return l.Grants > 1 }))
}

// stopbroker: the broker has ended from here on.
func stopBroker(ts *testscript.TestScript, _ bool, _ []string) { stageOf(ts).broker.Stop() }

// crashed: from here on commands talk to a broker that grants nothing for an hour, because
// clients of its last run may still hold their locks.
func crashed(ts *testscript.TestScript, _ bool, _ []string) {
	s := stageOf(ts)
	config := broker.Config{Drain: -1, StateDir: ts.MkAbs("state"), Timeout: time.Hour}
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

// benchjson FILE ENDING: the file is one report of a bench that ended so, whose
// figures go together.
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

// readUntil reads a file that may not be there yet, and fails when the script's
// time is over.
func readUntil(ts *testscript.TestScript, name string) string {
	ts.Check(stageOf(ts).ctx.Err())
	text, err := os.ReadFile(ts.MkAbs(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		ts.Check(err)
	}
	return string(text)
}

// What differs from run to run.
var masks = []struct {
	pattern *regexp.Regexp
	mask    string
}{
	{regexp.MustCompile(`\b[a-z0-9]{8}--[0-9]+`), "ID"},
	{regexp.MustCompile(`\b[0-9]+:[0-9]{2}:[0-9]{2}\.[0-9]{6}\b`), "H:MM:SS.ffffff"},
	{regexp.MustCompile(`(?m)^[-0-9]{10}T[0-9:]{8}(Z|[-+][0-9:]{5})  [0-9.:]+  `), "TIME  ADDR  "},
	{regexp.MustCompile(`(?m)^( +[0-9]+ +)[0-9]+s( +[0-9]+ +)[0-9]+s `), "${1}Ns${2}Ns "},
	{regexp.MustCompile(`(?m)^( +[0-9]+ +)[0-9]+s `), "${1}Ns "},
	{regexp.MustCompile(`"token":[0-9]+`), `"token":N`},
	{regexp.MustCompile(`token [0-9]+`), `token N`},
	{regexp.MustCompile(`from 127.0.0.1:[0-9]+`), `from ADDR`},
	{regexp.MustCompile(`"duration_ms":[0-9]+`), `"duration_ms":N`},
	{regexp.MustCompile(`"remote":"127.0.0.1:[0-9]+"`), `"remote":"ADDR"`},
}

// cmpmasked FILE GOLDEN: FILE is as GOLDEN says, apart from what differs from run
// to run.
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
