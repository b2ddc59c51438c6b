package chromium_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// recorded notes the types of the messages that the page sends.
const recorded = `
	globalThis.sent = [];
	const send = WebSocket.prototype.send;
	WebSocket.prototype.send = function (data) {
		sent.push(JSON.parse(data).type);
		send.call(this, data);
	};
`

// TestUnseen checks that a page which nobody sees asks the broker for nothing: it only watches, and sends signs of
// life.
func TestUnseen(t *testing.T) {
	ctx := testContext(t)
	s := serve(t, broker.Config{})
	a := dialPeer(ctx, t, s, "billing")
	b := jstest.Start(t)
	p := openIn(ctx, t, b, s, "", recorded)
	p.live()
	p.until("tools.page.past.points.length > 0")

	cover := b.Cover(t, "about:blank")
	p.run("while (!document.hidden) await new Promise((resolve) => setTimeout(resolve, 10))")
	p.run("while (tools.page.past.asked) await new Promise((resolve) => setTimeout(resolve, 10))")
	p.run("sent.length = 0")
	before := p.historyRequests()
	a.hold("invoice", "orders/1")
	// The page asks by timers of 1 s and 5 s, so it would have asked when another one has ticked seven times.
	p.run("for (let i = 0; i < 7; i++) await new Promise((resolve) => setTimeout(resolve, 1000))")
	asked := slices.DeleteFunc(eval[[]string](p, "sent"), func(kind string) bool { return kind == "ping" })
	if after := p.historyRequests(); after != before || len(asked) > 0 {
		t.Errorf("while it was hidden, the page has asked %d times for the history, and sent %v",
			after-before, asked)
	}
	if !eval[bool](p, "tools.page.view.locks.has('orders/1')") {
		t.Error("the hidden page does not follow the locks")
	}

	cover.Close()
	p.lists("orders/1")
}

// historyRequests returns how often the page has asked for the history.
func (p *page) historyRequests() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, url := range p.urls {
		if strings.Contains(url, "/history") {
			n++
		}
	}
	return n
}
