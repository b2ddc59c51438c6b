//go:build linux

package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/dustin/go-humanize"
)

var longCrowd = flag.Bool("crowd", false, "fill a broker with the default limits, too, in about ten minutes")

// crowdFactor is how far the estimate of the broker may be from what its process takes.
const crowdFactor = 1.6

// A crowd fills the memory of a broker. Each call of grow adds one client that does not stop using memory.
type crowd struct {
	name  string
	short bool // it is quick enough for the short form
	grow  func(c *crowdClient)
	most  int // how many clients there are; 0: as many as use up the memory
}

// deafClients is how many clients there are that do not read. They do not use up the memory: before that, the broker
// cuts off those to which it owes most.
const deafClients = 10

// crowds are hostile in different ways.
func crowds() []crowd {
	long := strings.Repeat("n", 490)
	return []crowd{
		{"holders with the longest names", true, func(c *crowdClient) {
			for range 200 {
				const lock = `"locks":[{"name":"%s%s"}],"author":"%s","hold_ms":9999999`
				c.send(`{"type":"acquire","id":"%s",`+lock+`}`, c.id(), c.id(), long, long[:256])
			}
		}, 0},
		{"waiters", false, func(c *crowdClient) {
			for range 1000 {
				c.send(`{"type":"acquire","id":"%s","locks":[{"name":"wanted"}],"wait_ms":9999999}`,
					c.id())
			}
		}, 0},
		{"requests for 64 locks", true, func(c *crowdClient) {
			for range 10 {
				var locks []string
				for n := range 64 {
					locks = append(locks, fmt.Sprintf(`{"name":"%s-%d"}`, c.id(), n))
				}
				c.send(`{"type":"acquire","id":"%s","locks":[%s]}`, c.id(), strings.Join(locks, ","))
			}
		}, 0},
		{"watches with long globs", true, func(c *crowdClient) {
			for range 4 {
				c.send(`{"type":"watch","id":"%s","match":"%s"}`, c.id(), long)
			}
		}, 0},
		{"clients that do not read errors", true, func(c *crowdClient) {
			c.stopReading()
			for range 150 {
				c.send(`{"type":"ping","id":"%s"}`, strings.Repeat("x", 60_000))
			}
		}, deafClients},
		{"idle clients", false, func(*crowdClient) {}, 0},
		{"clients that have sent many names", false, func(c *crowdClient) {
			for n := range 60 {
				c.send(`{"type":"acquire","id":"%s","locks":[{"name":"%d%s"}],"wait_ms":0}`,
					c.id(), n, long[:120])
			}
		}, 0},
		{"frames without an end", false, func(c *crowdClient) {
			c.begin(60_000, 50_000)
		}, 0},
		{"requests behind a page that nobody reads", false, func(c *crowdClient) {
			c.stopReading()
			for range 40 {
				c.send(`{"type":"info","id":"%s","match":"%s"}`, c.id(), long)
			}
			for range 30 {
				c.send(`{"type":"acquire","id":"%s","locks":[{"name":"%s"}]}`, c.id(), long)
			}
		}, 0},
	}
}

// TestCrowd fills brokers with hostile clients of each kind until they refuse requests because their memory is used up.
// The limit then equals the estimate. So it must be near to what the process takes. Clients that do not read do not use
// up the memory: what the process takes must stay within the limit.
func TestCrowd(t *testing.T) {
	for _, crowd := range crowds() {
		if !crowd.short && !*longCrowd {
			continue
		}
		t.Run(crowd.name, func(t *testing.T) {
			t.Parallel()
			const most = 16 << 20
			f := startFilled(t, "--max-memory=16MiB", "--max-requests=10000000", "--max-watches=1000000")
			before := f.resident("VmRSS")
			f.fill(crowd)
			grown := f.resident("VmRSS") - before
			t.Logf("%d clients; the process has grown by %s, the limit is %s", len(f.clients),
				humanize.IBytes(uint64(grown)), humanize.IBytes(most))
			if raceDetector { // it takes several times the memory
				f.stillFrees()
				return
			}
			ratio, least := float64(grown)/most, 1/crowdFactor
			if crowd.most > 0 {
				least = 0
			}
			if ratio > crowdFactor || ratio < least {
				t.Errorf("the process has grown by %.2f times the limit", ratio)
			}
			f.stillFrees()
		})
	}
	if *longCrowd {
		t.Run("all kinds", testLongCrowd)
	}
}

// testLongCrowd fills a broker that has the default limits with clients of all kinds. They go on when its memory
// is used up. The process must fit a machine that can give it 1 GiB.
func testLongCrowd(t *testing.T) {
	f := startFilled(t)
	began := f.resident("VmRSS")
	kinds, next := crowds(), 0
	mixed := crowd{name: "all kinds", grow: func(c *crowdClient) {
		next++
		c.kind = kinds[next%len(kinds)]
		c.kind.grow(c)
	}}
	f.fill(mixed)
	t.Logf("%d clients have used up the memory; the process takes %s, and took %s at first", len(f.clients),
		humanize.IBytes(uint64(f.resident("VmRSS"))), humanize.IBytes(uint64(began)))
	var running sync.WaitGroup
	for _, c := range f.clients {
		running.Go(c.again)
	}
	running.Wait()
	peak := f.resident("VmHWM")
	t.Logf("at most the process took %s", humanize.IBytes(uint64(peak)))
	if peak > 1<<30 {
		t.Error("want at most 1 GiB")
	}
	f.stillFrees()
}

// A filledBroker is a broker in a process of its own, which a crowd fills.
type filledBroker struct {
	*daemon
	t       *testing.T
	dialed  int
	probe   *crowdClient // has locks, so that it has no guarantee left
	held    []string     // the ids of its requests
	clients []*crowdClient
}

// startFilled starts a broker that collects garbage often, so that its process takes little more than it can reach.
func startFilled(t *testing.T, args ...string) *filledBroker {
	t.Helper()
	args = append([]string{"--drain=0s", "--port=0", "--timeout=10m"}, args...)
	command := exec.CommandContext(t.Context(), "brokerd", args...) // without a timeout, for -crowd
	if !*longCrowd {
		command.Env = append(os.Environ(), "GOGC=10")
	}
	d := &daemon{}
	d.process, d.log = startCommand(t, command, (*exec.Cmd).StderrPipe)
	d.url = "ws://" + d.until(t, "listening").Address
	go d.drainLog()
	f := &filledBroker{daemon: d, t: t}
	t.Cleanup(func() {
		for _, c := range f.clients {
			_ = c.ws.Close()
		}
	})
	f.probe = f.dial()
	for range 20 {
		id := f.probe.id()
		f.probe.send(`{"type":"acquire","id":"%s","locks":[{"name":"probe-%s"}]}`, id, id)
		f.probe.read()
		f.held = append(f.held, id)
	}
	return f
}

// fill adds clients of a crowd until the broker refuses a request or a client.
func (f *filledBroker) fill(crowd crowd) {
	f.t.Helper()
	for f.isFree() && (crowd.most == 0 || len(f.clients) < crowd.most) {
		batch := 1
		if len(f.clients) > 20 {
			batch = len(f.clients) / 10
		}
		for range batch {
			c := f.dial()
			if c == nil {
				return
			}
			f.clients = append(f.clients, c)
			crowd.grow(c)
			c.settle()
		}
	}
}

// isFree reports whether the broker has memory for another request.
func (f *filledBroker) isFree() bool {
	f.t.Helper()
	f.probe.send(`{"type":"acquire","id":"%s","locks":[{"name":"more"}],"hold_ms":1}`, f.probe.id())
	for {
		switch answer := f.probe.read(); {
		case strings.Contains(answer, "the broker's memory is used up ("):
			return false
		case strings.Contains(answer, `"too_many"`) && *longCrowd: // requests are used up before memory
			return false
		case strings.Contains(answer, `"granted"`):
			return true
		case strings.Contains(answer, `"lost"`):
		default:
			f.t.Fatalf("the probe got %s", answer)
		}
	}
}

// stillFrees checks that a client of a broker whose memory is used up can release and cancel.
func (f *filledBroker) stillFrees() {
	f.t.Helper()
	for _, id := range f.held {
		f.probe.send(`{"type":"release","id":"%s"}`, id)
		for answer := ""; !strings.Contains(answer, `"released"`); {
			if answer = f.probe.read(); strings.Contains(answer, `"error"`) {
				f.t.Fatalf("a release was answered with %s", answer)
			}
		}
	}
}

// resident returns a figure of the process from /proc, in bytes.
func (f *filledBroker) resident(name string) int {
	f.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", f.process.cmd.Process.Pid))
	if err != nil {
		f.t.Fatal(err)
	}
	found := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		f.t.Fatalf("no %s in %s", name, status)
	}
	kilobytes, _ := strconv.Atoi(string(found[1]))
	return kilobytes << 10
}
