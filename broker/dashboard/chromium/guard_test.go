package chromium_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// watching is a script that runs before those of the page. It counts what must never happen.
const watching = `
	globalThis.violations = [];
	addEventListener("securitypolicyviolation", (event) => {
		violations.push([event.effectiveDirective, event.blockedURI, event.sample].join(" "));
	});
	for (const name of ["alert", "confirm", "prompt", "print", "open"]) {
		globalThis[name] = () => violations.push(name + " was called");
	}
`

// A guard sees what a tab asks for and complains of.
type guard struct {
	host string // the only one that the page may ask; "": any

	mu       sync.Mutex
	urls     []string // of all requests
	problems []string
	expected []string // parts of the problems that the test expects
}

// watch makes the guard see all of a tab from now on.
func (g *guard) watch(t *testing.T, tab *jstest.Tab) {
	t.Helper()
	if err := chromedp.Listen(tab.Context, g.see); err != nil {
		t.Fatal(err)
	}
}

func (g *guard) see(event any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		details := e.ExceptionDetails
		g.problems = append(g.problems, "exception: "+details.Text+" "+details.Exception.Description)
	case *runtime.EventConsoleAPICalled:
		g.problems = append(g.problems, fmt.Sprintf("console.%s of %d values", e.Type, len(e.Args)))
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.EntryLevelError || e.Entry.Level == cdplog.EntryLevelWarning {
			g.problems = append(g.problems, "log: "+e.Entry.Text+" "+e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		g.urls = append(g.urls, e.Request.URL)
	case *network.EventWebSocketCreated:
		g.urls = append(g.urls, e.URL)
	}
}

// expect allows problems of which the text contains this.
func (g *guard) expect(parts ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.expected = append(g.expected, parts...)
}

// requests returns the URLs of all requests until now.
func (g *guard) requests() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.urls...)
}

// check fails the test if the tab has done anything that a page of the broker must not do.
func (g *guard) check(t *testing.T) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, problem := range g.problems {
		if !g.isExpected(problem) {
			t.Errorf("the browser reports %s", problem)
		}
	}
	if len(g.urls) == 0 {
		t.Error("the guard has seen no request")
	}
	for _, text := range g.urls {
		u, err := url.Parse(text)
		if err != nil || g.host != "" && u.Host != g.host && u.Scheme != "about" && u.Scheme != "data" {
			t.Errorf("the page has asked for %s", text)
		}
	}
}

func (g *guard) isExpected(problem string) bool {
	for _, part := range g.expected {
		if strings.Contains(problem, part) {
			return true
		}
	}
	return false
}
