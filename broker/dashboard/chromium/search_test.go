package chromium_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/lockbroker/lockbroker/broker"
)

// names returns the names in the list, from top to bottom.
func (p *page) names() []string {
	p.t.Helper()
	return eval[[]string](p, "tools.rows().map((row) => tools.textOf(row.querySelector('.name')))")
}

// lists waits until the list has these names, in this order.
func (p *page) lists(names ...string) {
	p.t.Helper()
	p.until("tools.rows().map((row) => tools.textOf(row.querySelector('.name'))).join('\\n') === %s",
		strings.Join(names, "\n"))
}

// TestSearch searches for a part of the name, and for globs, as PROTOCOL.md defines them.
func TestSearch(t *testing.T) {
	ctx := testContext(t)
	s := serve(t, broker.Config{})
	a := dialPeer(ctx, t, s, "billing")
	all := []string{"orders/1", "orders/2", "orders/eu/3", "report", "a*b"}
	for _, name := range all {
		a.hold("", name)
	}
	p := openPage(ctx, t, s, "")
	p.live()
	tests := []struct {
		search string
		want   []string
	}{
		{"ord", []string{"orders/1", "orders/2", "orders/eu/3"}},
		{"/eu/", []string{"orders/eu/3"}},
		{"orders/*", []string{"orders/1", "orders/2"}},
		{"orders/**", []string{"orders/1", "orders/2", "orders/eu/3"}},
		{"{report,orders/[2-9]}", []string{"orders/2", "report"}},
		{`a\*b`, []string{"a*b"}},
		{"ORD", []string{"orders/1", "orders/2", "orders/eu/3"}},
		{"billing", all},
		{"nobody", nil},
		{"**", all},
	}
	for _, test := range tests {
		p.fill("#search", test.search)
		p.lists(test.want...)
		p.sees("main p.found", fmt.Sprintf("%d of 5 locks", len(test.want)))
	}
	p.fill("#search", "")
	p.lists(all...)
	p.sees("main p.found", "5 locks")
}

// TestInvalidGlob checks that the page says so, to a screen reader, too.
func TestInvalidGlob(t *testing.T) {
	ctx := testContext(t)
	s := serve(t, broker.Config{})
	dialPeer(ctx, t, s, "billing").hold("", "orders/1")
	p := openPage(ctx, t, s, "")
	p.lists("orders/1")
	for _, glob := range []string{"orders/[", "{a", "a{b,c"} {
		p.fill("#search", glob)
		p.lists()
		p.sees("main p.found", "This glob is not valid.")
		p.until("document.querySelector('#search').getAttribute('aria-invalid') === 'true'")
	}
	p.fill("#search", "orders/*")
	p.lists("orders/1")
	p.until("document.querySelector('#search').getAttribute('aria-invalid') === 'false'")
}

// TestSearchIsKept checks that a search is in the URL, so that it can be sent, and that it makes no entries in the
// history.
func TestSearchIsKept(t *testing.T) {
	ctx := testContext(t)
	s := serve(t, broker.Config{})
	a := dialPeer(ctx, t, s, "billing")
	for _, name := range []string{"a b&c=d#e", "a b", "c"} {
		a.hold("", name)
	}
	p := openPage(ctx, t, s, "")
	p.live()
	before := eval[int](p, "history.length")
	p.fill("#search", "b&c=d#")
	p.lists("a b&c=d#e")
	if after := eval[int](p, "history.length"); after != before {
		t.Errorf("a search has made %d entries in the history", after-before)
	}
	p.do(chromedp.Reload())
	p.run("%s", raw(tools))
	p.lists("a b&c=d#e")
	if got := p.names(); !slices.Equal(got, []string{"a b&c=d#e"}) {
		t.Errorf("after a reload the list has %q", got)
	}
}
