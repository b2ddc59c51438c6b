package chromium_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// TestRemovedFrame removes a frame whose lock manager its page uses. All pending and later calls of
// the page must reject. No code of the frame runs after the removal, so the client must not depend
// on any.
func TestRemovedFrame(t *testing.T) {
	ctx := testContext(t)
	pages := servePages(t)
	url := serveBroker(t, broker.Config{Timeout: time.Minute}, pages)
	page := jstest.Start(t).Open(t, pages+"/page.html")
	got := jstest.Evaluate[map[string]string](ctx, page, removeFrame(url))
	for _, name := range slices.Sorted(maps.Keys(got)) {
		want := "InvalidStateError"
		switch name {
		case "held", "release":
			want = "LostError"
		case "close":
			want = "fulfilled: undefined"
		case "closed":
			want = "fulfilled: InvalidStateError"
		}
		if got[name] != want {
			t.Errorf("%s: %s, want %s", name, got[name], want)
		}
	}
	if len(got) != 20 {
		t.Errorf("%d answers", len(got))
	}
	// The locks of the frame are released long before its session timeout.
	if _, err := dialBroker(ctx, t, url).Acquire(ctx, "held", waitFor(30*time.Second)); err != nil {
		t.Error(err)
	}
}

// removeFrame returns a script that uses a client in a frame, removes the frame, and resolves to how each promise of
// the client was settled.
func removeFrame(url string) string {
	return `(async () => {
		const frame = document.createElement("iframe");
		frame.src = "/page.html";
		document.body.append(frame);
		await new Promise((resolve) => (frame.onload = resolve));
		// A client belongs to the frame only if code in the frame makes it.
		const script = frame.contentDocument.createElement("script");
		script.type = "module";
		script.textContent = "import { connect } from '/client.js';" +
			"parent.inFrame = { connect, locks: await connect('` + url + `') };";
		frame.contentDocument.body.append(script);
		while (!globalThis.inFrame) await new Promise((resolve) => setTimeout(resolve, 10));
		const { connect, locks } = globalThis.inFrame;

		const calls = (when) => ({
			[when + " request"]: locks.request("held", () => {}),
			[when + " acquire"]: locks.acquire("held"),
			[when + " query"]: locks.query(),
			[when + " info"]: locks.info().next(),
			[when + " watch"]: watching.next(),
			[when + " why"]: locks.why("held"),
			[when + " evict"]: locks.evict("aaaaaaaa--0"),
			[when + " connect"]: connect("` + url + `"),
		});
		let watching = locks.watch("nothing");
		await watching.next();
		const held = {};
		await new Promise((granted) => {
			held.held = locks.request("held", (lock) => (granted(), new Promise(() => {})));
		});
		const lock = await locks.acquire("another");
		const pending = calls("pending");
		frame.remove();
		watching = locks.watch("nothing");
		const later = calls("later");
		const all = { ...held, ...pending, ...later };
		Object.assign(all, { release: lock.release(), close: locks.close(), closed: locks.closed });
		const late = new Promise((resolve) => setTimeout(resolve, 10_000, "never settles"));
		const say = (value) => value?.name ?? value?.constructor.name ?? String(value);
		const fulfilled = (value) => "fulfilled: " + say(value);
		const said = (promise) => Promise.race([promise.then(fulfilled, say), late]);
		for (const [name, promise] of Object.entries(all)) all[name] = await said(promise);
		return all;
	})()`
}
