package chromium_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"testing"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// tools is a script with functions by which the tests wait for the page and read it.
//
//go:embed testdata/tools.js
var tools string

// A page is the dashboard in a tab.
type page struct {
	*jstest.Tab
	*guard

	t   *testing.T
	ctx context.Context
}

// openPage opens the dashboard in a new browser. hash is the fragment of the URL, or "". The scripts run before those
// of the page. When the test ends, the guard checks what the page has done.
func openPage(ctx context.Context, t *testing.T, s *site, hash string, scripts ...string) *page {
	t.Helper()
	return openIn(ctx, t, jstest.Start(t), s, hash, scripts...)
}

// openIn is openPage in a browser that exists.
func openIn(ctx context.Context, t *testing.T, b *jstest.Browser, s *site, hash string, scripts ...string) *page {
	t.Helper()
	p := &page{Tab: b.Open(t, "about:blank"), guard: &guard{host: s.address}, t: t, ctx: ctx}
	p.watch(t, p.Tab)
	for _, source := range append([]string{watching}, scripts...) {
		script := cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: source}
		if _, err := chromedp.Call(p.Context, cdppage.AddScriptToEvaluateOnNewDocument, script); err != nil {
			t.Fatal(err)
		}
	}
	p.size(1280, 1400)
	p.load(s.url() + hash)
	t.Cleanup(p.finish)
	return p
}

// load shows the dashboard at that URL, with the tools of the tests.
func (p *page) load(url string) {
	p.t.Helper()
	p.do(chromedp.Navigate(url))
	p.run("%s", raw(tools))
}

// finish is the last check of the page.
func (p *page) finish() {
	if p.Context.Err() == nil {
		for _, violation := range eval[[]string](p, "violations") {
			p.t.Errorf("the page has violated its policy: %s", violation)
		}
	}
	p.guard.check(p.t)
}

func (p *page) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithCancel(p.Context)
	defer cancel()
	defer context.AfterFunc(p.ctx, cancel)()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// eval evaluates an expression in the page, and waits for its promise.
func eval[T any](p *page, format string, args ...any) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience) // at the end of the test, too
	defer cancel()
	return jstest.Evaluate[T](ctx, p.Tab.In(p.t), script(format, args...))
}

// run evaluates statements, which may await promises.
func (p *page) run(format string, args ...any) {
	p.t.Helper()
	eval[bool](p, "(async () => {%s; return true; })()", raw(script(format, args...)))
}

// raw is an argument that script does not quote.
type raw string

// script formats JavaScript. All arguments but those that are raw become literals.
func script(format string, args ...any) string {
	if len(args) == 0 {
		return format
	}
	for i, arg := range args {
		if text, ok := arg.(raw); ok {
			args[i] = string(text)
			continue
		}
		literal, err := json.Marshal(arg)
		if err != nil {
			panic(err) // the arguments are strings and numbers
		}
		args[i] = string(literal)
	}
	return fmt.Sprintf(format, args...)
}

// until waits until an expression is true. It is evaluated before each frame.
func (p *page) until(format string, args ...any) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	condition := script(format, args...)
	_, err := jstest.Run[bool](ctx, p.Tab, "tools.until(() => "+condition+")")
	if err != nil {
		p.t.Fatalf("not true within %v: %s\nthe page says: %s", patience, condition, p.text("body"))
	}
}

// text returns what the elements say that match a selector, one a line.
func (p *page) text(selector string) string {
	p.t.Helper()
	return eval[string](p, "tools.text(%s)", selector)
}

// sees waits until the first visible element that matches the selector says exactly this.
func (p *page) sees(selector, text string) {
	p.t.Helper()
	p.until("tools.visible(%s).some((e) => tools.textOf(e) === %s)", selector, text)
}

// reads is sees for a part of the text.
func (p *page) reads(selector, part string) {
	p.t.Helper()
	p.until("tools.visible(%s).some((e) => tools.textOf(e).includes(%s))", selector, part)
}

// live waits until the page says that it is live.
func (p *page) live() {
	p.t.Helper()
	p.reads("#state", "Live")
}

// settle waits until the page shows all that the broker has done until now.
func (p *page) settle() {
	p.t.Helper()
	p.run("await tools.settled()")
}
