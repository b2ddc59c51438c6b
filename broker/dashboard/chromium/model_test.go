package chromium_test

import (
	"context"
	_ "embed"
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

var (
	operations = flag.Int("operations", 300, "how many operations TestModel does; try 10000")
	seed       = flag.Uint64("seed", 0, "the seed of TestModel; 0: any")
)

//go:embed testdata/look.js
var look string

// atOnce makes the client of the page connect again without a pause, which is random otherwise.
const atOnce = "Math.random = () => 0;"

// withoutFrames makes the page draw as soon as it can, without waiting for the next frame of the screen.
const withoutFrames = `
	const channel = new MessageChannel();
	const waiting = [];
	channel.port1.onmessage = () => waiting.shift()(performance.now());
	globalThis.requestAnimationFrame = (callback) => {
		waiting.push(callback);
		channel.port2.postMessage(undefined);
	};
`

// fast makes the clock of the page run fast. The page stops following changes if too many come in a second, as they do
// here.
const fast = `
	const now = performance.now.bind(performance);
	performance.now = () => 20 * now();
	Date.now = () => performance.timeOrigin + performance.now(); // the two must not drift apart
	// With this clock the broker would seem to answer late. The history is not compared.
	const json = async () => ({ run: "model", interval_ms: 1000, next: 0, points: [] });
	globalThis.fetch = async () => ({ ok: true, json });
`

// TestModel does random operations. After each it compares the list, a lock and a request, as the page shows them, with
// the info of the broker. No operation is under way then, so both must say the same.
func TestModel(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute+time.Duration(*operations)*time.Second)
	defer cancel()
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", *seed)
	s := serve(t, broker.Config{Timeout: time.Hour})
	far, link := throughLink(t, s)
	p := openPage(ctx, t, far, "", atOnce, withoutFrames, fast)
	p.expect("net::ERR", "WebSocket connection to")
	p.run("%s", raw(look))
	p.size(1280, 4000) // every row of the list is on the screen
	w := newWorld(p, s, link, rand.New(rand.NewPCG(*seed, 0)))
	shown := viewer{page: p, world: w}
	for i := range *operations {
		w.operate()
		shown.compare()
		if t.Failed() {
			t.Fatalf("operation %d of -seed %d; the last operations:\n%s", i, *seed, w.history())
		}
	}
	w.report()
}
