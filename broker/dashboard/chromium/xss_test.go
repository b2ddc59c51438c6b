package chromium_test

import (
	_ "embed"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// attacks has one text a line that does something where a page takes text for markup, an attribute, a URL or a script.
// Most are of the public collections of the OWASP and of PortSwigger.
//
//go:embed testdata/xss.txt
var attacks string

// odd are names that hide something, or change what is around them, and how the page shows them.
var odd = []struct{ name, shown string }{
	{"safe\u202egnp.exe", `safe\u{202e}gnp.exe`},
	{"a\u2066b\u2069c", `a\u{2066}b\u{2069}c`},
	{"zero\u200bwidth", `zero\u{200b}width`},
	{"line\nbreak\ttab\x1b[31m\x00\x7f", `line\u{a}break\u{9}tab\u{1b}[31m\u{0}\u{7f}`},
	{" space at the ends ", `\u{20}space at the ends\u{20}`},
	{`back\slash`, `back\slash`},
	{"ملف/طلب", "ملف/طلب"},
	{"👩‍👩‍👧‍👦/🔒", "👩‍👩‍👧‍👦/🔒"},
	{"e\u0301\u0301\u0301", "e\u0301\u0301\u0301"},
	{strings.Repeat("n", 512), strings.Repeat("n", 512)},
	{strings.Repeat("<b>", 170), strings.Repeat("<b>", 170)},
	{"__proto__", "__proto__"},
	{"constructor", "constructor"},
}

// hostile returns all those texts, and how the page shows them.
func hostile(t *testing.T) (names, shown []string) {
	t.Helper()
	for line := range strings.Lines(attacks) {
		line = strings.TrimSuffix(line, "\n")
		names, shown = append(names, line), append(shown, line)
	}
	if len(names) < 50 {
		t.Fatalf("there are %d attacks, want 50", len(names))
	}
	for _, o := range odd {
		names, shown = append(names, o.name), append(shown, o.shown)
	}
	return names, shown
}

// TestNamesAreText shows locks, authors, labels and messages that are attacks. The guard of the page sees whether any
// of them did something.
func TestNamesAreText(t *testing.T) {
	ctx := testContext(t)
	s := serve(t, broker.Config{})
	names, shown := hostile(t)
	var holders, waiters []wire.ID
	peers := make([]*peer, len(names))
	for i, name := range names {
		short := strings.ToValidUTF8(name[:min(len(name), 256)], "")
		peers[i] = dialPeer(ctx, t, s, short)
		holders = append(holders, peers[i].hold(short, name))
		waiters = append(waiters, peers[i].wait(short, name))
	}
	p := openPage(ctx, t, s, "")
	p.size(1280, 6000)
	p.until("tools.rows().length === %s", raw(strconv.Itoa(len(names))))
	p.click("summary", "Programs")
	got := eval[[]string](p, "tools.rows().map((row) => row.querySelector('.name').textContent)")
	slices.Sort(got)
	want := slices.Clone(shown)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the list shows\n%q\nwant\n%q", got, want)
	}
	p.isClean()
	for i, name := range names {
		p.visit("#lock="+url.QueryEscape(name), shown[i])
		p.visit("#request="+waiters[i].String(), "Request "+waiters[i].String())
		p.until("tools.visible('section li').length > 0") // why it waits
		p.isClean()
	}
	p.evictAll(names, shown, holders)
	p.run("await tools.go('')")
	p.until("tools.rows().length === %s", raw(strconv.Itoa(len(names))))
	p.isClean()
}

// visit goes to a part of the page, and checks its title.
func (p *page) visit(hash, title string) {
	p.t.Helper()
	p.run("await tools.go(%s)", hash)
	got := eval[string](p, "document.querySelector('h1').textContent")
	if got != title {
		p.t.Errorf("the title is %q, want %q", got, title)
	}
	p.isClean()
}

// evictAll evicts some of the requests, for reasons that are attacks.
func (p *page) evictAll(names, shown []string, requests []wire.ID) {
	p.t.Helper()
	for i := 0; i < len(requests); i += 7 {
		p.run("await tools.go('#request=%s')", raw(requests[i].String()))
		p.click("button", "Evict …")
		reason := names[i][:min(len(names[i]), 100)]
		p.run("document.querySelector('#reason').value = %s", reason)
		p.click("dialog button", "Continue")
		p.isClean()
		p.click("dialog button", "Evict it now")
		p.reads(".lead", "evicted by dashboard")
		if lead := p.text(".lead"); !strings.Contains(lead, shown[i][:min(len(shown[i]), 20)]) {
			p.t.Errorf("the page says %q", lead)
		}
		p.isClean()
	}
}

// tags are the elements that the page makes.
const tags = "a aside body button code dd details dialog div dl dt figcaption figure form g h1 h2 head header html " +
	"input kbd label li link main marker meta noscript ol p path script section span strong summary svg table " +
	"tbody td th thead title tr ul"

// isClean checks that nothing has become an element that the page does not make itself, nor an attribute that runs.
func (p *page) isClean() {
	p.t.Helper()
	found := eval[[]string](p, `(() => {
		const tags = new Set(%s.split(" "));
		const ours = /^(#|\.\/dashboard\/|\.\/inspector\.js$)/;
		const urls = new Set(["href", "src", "action", "formaction", "xlink:href", "data", "poster"]);
		const all = [...document.querySelectorAll("*")];
		const bad = all.filter((e) => !tags.has(e.localName));
		const scripts = all.filter((e) => e.localName === "script" && e.parentNode !== document.head);
		const attributes = all.filter((e) => [...e.attributes].some(({ name, value }) =>
			name.startsWith("on") || name === "srcdoc" || (urls.has(name) && !ours.test(value))));
		return [...bad, ...scripts, ...attributes].map((e) => e.outerHTML.slice(0, 200));
	})()`, tags)
	for _, element := range found {
		p.t.Errorf("the page has %s", element)
	}
}

// TestHostileLinks opens links whose fragment is an attack.
func TestHostileLinks(t *testing.T) {
	ctx := testContext(t)
	s := serve(t, broker.Config{})
	names, shown := hostile(t)
	p := openPage(ctx, t, s, "")
	p.live()
	for i, name := range names {
		text := url.QueryEscape(name)
		p.visit("#lock="+text, shown[i])
		p.visit("#request="+text, "Request "+shown[i])
		p.visit("#search="+text+"&sort="+text, "Locks")
		p.visit("#"+text, "Locks")
	}
}
