package bench

import (
	"strconv"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// mostFloodP99 is the bound on the p99 of another client's acquires during a flood of handshakes, in microseconds.
const mostFloodP99 = 5_000

// floodConnections is how many connections a flood has at the same time.
const floodConnections = 100

// floodCases are floods of handshakes without credentials.
var floodCases = []floodCase{
	{"handshakes", "strangers", false},
	{"tls-handshakes", "tls-strangers", true},
}

// A floodCase is a flood of one kind against a brokerd with --tokens.
type floodCase struct {
	name, attack string
	secure       bool // with TLS
}

// underFlood measures how long another client waits for a lock that nobody else wants, while strangers flood a brokerd
// with handshakes. The other client was connected before.
//
// The strangers are a process that shares the processor of the load, because the figure is about the broker, which has
// the other one for itself. They run with the lowest priority, so that the client need not wait for them.
func underFlood(tb testing.TB, s scale, c floodCase) {
	broker := startBrokerd(tb, c.secure)
	client, err := wsclient.Dial(tb.Context(), broker.url, &wsclient.Options{
		Author: author, NoReconnect: true, TLS: broker.tls, Token: broker.tokenOf,
	})
	if err != nil {
		tb.Fatal(err)
	}
	defer client.Close()
	other := &caller{client: client, name: "tail/other"}
	strangers := startRole(tb, attackRole(c.attack, broker.address, floodConnections, 0), startBesideLoad)
	begin, worked := time.Now(), processorTime(tb, broker.process.Pid)
	took := newHistogram()
	d, _ := nothing(broker.address, s) // the strangers go on all the time
	pinned(tb, tailThreads, func() {
		for took.TotalCount() < int64(s.samples) && time.Since(begin) < s.patience {
			if err := d.once(other, took); err != nil {
				tb.Fatal(err)
			}
		}
	})
	_ = strangers.stdin.Close()
	did, _ := strconv.Atoi(strangers.readLine())
	if did == 0 {
		tb.Error("no stranger has reached the broker")
	}
	if worked := processorTime(tb, broker.process.Pid) - worked; worked > 0 && did > 0 {
		report(tb, float64(worked.Microseconds())/float64(did), "broker-µs/handshake")
	}
	reportFlood(tb, took, float64(did)/time.Since(begin).Seconds(), atMost(mostFloodP99))
}
