package chromium_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// shortLived is for how long the first token of a page is valid. The client renews it when less than 5 s are left.
const shortLived = 8 * time.Second

// pageTokens are the tokens of the identity page: one that expires soon, and one that does not.
type pageTokens struct{ first, next string }

// newPageTokens returns tokens, and a control that accepts them and allows everything.
func newPageTokens(t *testing.T) (pageTokens, *access.Control) {
	t.Helper()
	first, firstLine, err := access.NewToken("page", nil, time.Now().Add(shortLived))
	if err != nil {
		t.Fatal(err)
	}
	next, nextLine, err := access.NewToken("page", nil, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := access.ParseTokens(firstLine + "\n" + nextLine + "\n")
	if err != nil {
		t.Fatal(err)
	}
	policy, err := access.NewPolicy([]access.Rule{
		{For: []string{"page"}, Locks: []string{"**"}, Allow: []wire.Verb{wire.MayAcquire, wire.MayList}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return pageTokens{first, next}, &access.Control{Authenticators: []access.Authenticator{tokens}, Policy: policy}
}

// TestTokens lets pages use a broker that asks for a token. A page with a token acquires, and keeps its lock when it
// renews the token before that expires. A page without a token, and one with a wrong token, are told so.
func TestTokens(t *testing.T) {
	t.Parallel() // it mostly waits
	ctx := testContext(t)
	pages := servePages(t)
	tokens, control := newPageTokens(t)
	url := serveBroker(t, broker.Config{Access: control}, pages)
	page := jstest.Start(t).Open(t, pages+"/page.html")

	for option, want := range map[string]string{
		"{}":                           "no credential",
		"{ token: () => 'lbt_wrong' }": "the token is not known",
	} {
		got := jstest.Evaluate[string](ctx, page, `(async () => {
			const { connect } = await import('/client.js');
			const failure = ({ name, code, message }) => [name, code, message].join();
			return connect('`+url+`', `+option+`).catch(failure);
		})()`)
		want = "ConnectionError,4401,cannot connect to " + url + "/ws: not authenticated: " + want
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}

	jstest.Evaluate[bool](ctx, page, `(async () => {
		const { connect } = await import('/client.js');
		const tokens = ['`+tokens.first+`', '`+tokens.next+`'];
		globalThis.locks = await connect('`+url+`', { token: () => tokens.shift() });
		globalThis.precious = await locks.acquire('precious');
		return true;
	})()`)
	old := dialWith(ctx, t, url, tokens.first)
	<-old.Done() // the first token has expired

	got := jstest.Evaluate[string](ctx, page, `(async () => {
		const { identity, expires_ms } = await locks.whoami();
		return [identity, expires_ms > 60_000, precious.signal.aborted].join();
	})()`)
	if got != "page,true,false" {
		t.Errorf("got %s after the first token has expired", got)
	}
	other := dialWith(ctx, t, url, tokens.next)
	if _, err := other.TryAcquire(ctx, "precious", nil); !errors.Is(err, wsclient.ErrUnavailable) {
		t.Errorf("got %v while the page holds the lock, want ErrUnavailable", err)
	}
}

// dialWith connects a client with a token. It does not renew the token.
func dialWith(ctx context.Context, t *testing.T, url, token string) *wsclient.Client {
	t.Helper()
	header := http.Header{"Authorization": {fmt.Sprintf("Bearer %s", token)}}
	client, err := wsclient.Dial(ctx, url, &wsclient.Options{Header: header, NoReconnect: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}
