package bench

import (
	"bytes"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// With few processors all of them are the limit, and with many the loop.
func TestRateOfModel(t *testing.T) {
	c := pairCost{loop: 2 * time.Microsecond, total: 20 * time.Microsecond}
	rates := map[int]float64{1: 50_000, 2: 100_000, 9: 450_000, 10: 500_000, 11: 500_000, 64: 500_000}
	for processors, want := range rates {
		if got := c.rate(processors); math.Abs(got-want) > 1 {
			t.Errorf("%d processors: got %.0f, want %.0f", processors, got, want)
		}
	}
	if got := c.saturation(); got != 10 {
		t.Errorf("saturated by %d processors, want 10", got)
	}
	c.total++
	if got := c.saturation(); got != 11 {
		t.Errorf("saturated by %d processors, want 11: ten are not quite enough", got)
	}
}

// A load on the same processors takes its part of them. Its one thread can also be the limit.
func TestRateBesideALoad(t *testing.T) {
	c := pairCost{loop: 2 * time.Microsecond, total: 20 * time.Microsecond}
	for _, test := range []struct {
		load       time.Duration
		processors int
		want       float64
	}{
		{0, 2, 100_000},
		{20 * time.Microsecond, 2, 50_000},
		{5 * time.Microsecond, 4, 160_000},
		{5 * time.Microsecond, 16, 200_000}, // the load
		{time.Microsecond, 16, 500_000},     // the loop
	} {
		if got := c.rateBeside(test.load, test.processors); math.Abs(got-test.want) > 1 {
			t.Errorf("%+v: got %.0f", test, got)
		}
	}
}

const someTraces = `File: bench
Type: cpu
Duration: 9.53s, Total samples = 1.30s ( 6.09%)
-----------+-------------------------------------------------------
     200ms   runtime.mapaccess1_faststr
             github.com/lockbroker/lockbroker/broker.(*loop).deliver
             github.com/lockbroker/lockbroker/broker.(*loop).run
-----------+-------------------------------------------------------
      1.20s   internal/runtime/syscall/linux.Syscall6
             github.com/lockbroker/lockbroker/broker.(*writer).run
-----------+-------------------------------------------------------
     400ms   syscall.read
             github.com/lockbroker/lockbroker/broker.(*reader).run
-----------+-------------------------------------------------------
     200ms   runtime.findRunnable
             runtime.mcall
-----------+-------------------------------------------------------
         7s   crypto/sha1.block
             github.com/lockbroker/lockbroker/broker.(*Broker).serveWS
             net/http.(*conn).serve
-----------+-------------------------------------------------------
`

// Each trace counts for the goroutine that it belongs to, and handshakes for none.
func TestSharesOfAProfile(t *testing.T) {
	got, err := sharesOf(someTraces)
	if want := (shares{loop: 0.1, writer: 0.6, reader: 0.2, rest: 0.1}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if got, err := sharesOf("File: bench\n"); err != nil || got != (shares{}) {
		t.Errorf("got %+v, %v from a profile without samples", got, err)
	}
}

// A running broker still has the functions whose names tell the loop, the readers and the writers apart.
func TestFunctionsOfABroker(t *testing.T) {
	b := brokertest.Start(t, broker.Config{})
	client, err := wsclient.Dial(t.Context(), b.URL(), &wsclient.Options{Author: author, NetDial: b.Dial})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	c := &caller{client: client, name: "orders/42"}
	for range 20 { // enough to keep a writer running
		if _, err := c.pair(); err != nil {
			t.Fatal(err)
		}
	}
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for _, function := range []string{loopFunction, readerFunction, writerFunction} {
		if !bytes.Contains(stacks, []byte(function+"(")) {
			t.Errorf("no goroutine runs %s", function)
		}
	}
}
