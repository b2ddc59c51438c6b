package chromium_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// refused is what the browser writes to the console when the broker answers that it wants credentials.
const refused = "the server responded with a status of 401"

// reload loads the page again.
func (p *page) reload() {
	p.t.Helper()
	p.do(chromedp.Reload())
	p.run("%s", raw(tools))
}

// loads waits until the page has been loaded again because of what f does.
func (p *page) loads(f func()) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.Context, patience)
	defer cancel()
	loaded := chromedp.Events(ctx, cdppage.LoadEventFired)
	f()
	for _, err := range loaded {
		if err != nil {
			p.t.Fatal(err)
		}
		break
	}
	p.run("%s", raw(tools))
}

// TestLogin logs in with a token. Only the page's memory has it, so a reload asks again.
func TestLogin(t *testing.T) {
	ctx := testContext(t)
	alice := newPerson(t, "alice", time.Time{})
	rule := may(alice, "**", wire.MayList, wire.MayAcquire)
	s := serve(t, broker.Config{Access: control(t, []person{alice}, rule)})
	dialPeerAs(ctx, t, s, "billing", alice.token).hold("invoice", "orders/1")
	p := openPage(ctx, t, s, "")
	p.expect(refused, "WebSocket connection to")
	p.login("lbt_wrong", false)
	p.reads("#state", "The broker asks for credentials. ")
	p.login(alice.token, false)
	p.live()
	p.lists("orders/1")
	p.reads("#identity", "alice")
	p.isSecret(alice.token, false)
	p.reload()
	p.sees("h1", "Log in")
	p.isSecret(alice.token, false)
}

// TestKeptLogin keeps the token until the tab is closed, or until the person logs out.
func TestKeptLogin(t *testing.T) {
	ctx := testContext(t)
	alice := newPerson(t, "alice", time.Time{})
	rule := may(alice, "**", wire.MayList, wire.MayAcquire)
	s := serve(t, broker.Config{Access: control(t, []person{alice}, rule)})
	id := dialPeerAs(ctx, t, s, "billing", alice.token).hold("invoice", "orders/1")
	p := openPage(ctx, t, s, "#request="+id.String())
	p.expect(refused, "WebSocket connection to")
	p.login(alice.token, true)
	p.sees(".lead", "invoice holds orders/1.") // the link goes on to where it leads
	p.isSecret(alice.token, true)
	p.reload()
	p.sees(".lead", "invoice holds orders/1.")
	p.isSecret(alice.token, true)
	p.loads(func() { p.click("button", "Log out") })
	p.sees("h1", "Log in")
	p.isSecret(alice.token, false)
	if text := p.text("body"); strings.Contains(text, "invoice") || strings.Contains(text, "alice") {
		t.Errorf("after the logout the page says %s", text)
	}
}

// isSecret checks that a token is in no place that it could leak from. Only the session storage may have it, if it is
// kept.
func (p *page) isSecret(token string, isKept bool) {
	p.t.Helper()
	for _, url := range p.requests() {
		if strings.Contains(url, token) {
			p.t.Errorf("the token is in the URL of a request: %s", url)
		}
	}
	places := eval[map[string]bool](p, `(async (token) => ({
		location: location.href.includes(token),
		history: JSON.stringify(history.state ?? "").includes(token),
		document: document.documentElement.outerHTML.includes(token),
		inputs: [...document.querySelectorAll("input")].some(({ value }) => value.includes(token)),
		cookies: document.cookie.includes(token),
		localStorage: JSON.stringify(localStorage).includes(token),
		sessionStorage: JSON.stringify(sessionStorage).includes(token),
		databases: (await indexedDB.databases()).length > 0,
		caches: (await caches.keys()).length > 0,
		name: window.name.includes(token),
	}))(%s)`, token)
	var found []string
	for place, has := range places {
		if has {
			found = append(found, place)
		}
	}
	want := []string{"sessionStorage"}[:0]
	if isKept {
		want = append(want, "sessionStorage")
	}
	if !slices.Equal(found, want) {
		p.t.Errorf("the token is in %q, want %q", found, want)
	}
	entries, err := chromedp.Run(p.Context, chromedp.NavigationEntries())
	if err != nil {
		p.t.Fatal(err)
	}
	for _, entry := range entries.Entries {
		if strings.Contains(entry.URL, token) {
			p.t.Errorf("the token is in the history: %s", entry.URL)
		}
	}
}

// TestRevoked revokes the token of somebody who looks at the page. Nothing of what was seen stays.
func TestRevoked(t *testing.T) {
	ctx := testContext(t)
	alice, bob := newPerson(t, "alice", time.Time{}), newPerson(t, "bob", time.Time{})
	rules := may(person{name: "**"}, "**", wire.MayList, wire.MayAcquire)
	s := serve(t, broker.Config{Access: control(t, []person{alice, bob}, rules)})
	dialPeerAs(ctx, t, s, "billing", bob.token).hold("invoice", "orders/1")
	p := openPage(ctx, t, s, "")
	p.expect(refused, "WebSocket connection to")
	p.login(alice.token, true)
	p.lists("orders/1")
	s.broker.SetAccess(control(t, []person{bob}, rules))
	p.sees("h1", "Log in")
	p.reads("#state", "The broker asks for credentials.")
	p.reads("#state", "revoked")
	p.isSecret(alice.token, false)
	if text := p.text("main"); strings.Contains(text, "orders/1") {
		t.Errorf("the page still says %s", text)
	}
	p.login(bob.token, false)
	p.lists("orders/1")
	p.reads("#identity", "bob")
}

// TestExpired uses a token that expires while somebody looks at the page.
func TestExpired(t *testing.T) {
	t.Parallel() // it mostly waits
	ctx := testContext(t)
	nobody := newPerson(t, "nobody", time.Time{})
	s := serve(t, broker.Config{Access: control(t, []person{nobody}, may(nobody, "**", wire.MayList))})
	p := openPage(ctx, t, s, "")
	p.expect(refused, "WebSocket connection to")
	// The page must have shown who she is by then. Opening the page on a busy machine has taken longer than 8 s.
	alice := newPerson(t, "alice", time.Now().Add(15*time.Second))
	s.broker.SetAccess(control(t, []person{alice}, may(alice, "**", wire.MayList)))
	p.login(alice.token, true)
	p.reads("#identity", "alice")
	p.sees("h1", "Log in")
	p.reads("#state", "expired")
	p.isSecret(alice.token, false)
}
