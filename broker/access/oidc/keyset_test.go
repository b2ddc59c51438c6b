package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/lockbroker/lockbroker/broker/access"
)

// A flood of tokens with keys that nobody knows must not become a flood of requests to the issuer.
func TestFloodOfUnknownKeys(t *testing.T) {
	i := newIssuer(t)
	a, c := i.newAuthenticator(nil)
	stranger, claims := newKey(t), i.claims(nil)
	for n := range 100 {
		refuse(t, a, sign(t, jose.ES256, stranger, fmt.Sprint(n), claims), "no key of the issuer fits")
	}
	if got := i.fetched(); got != fetchBurst {
		t.Errorf("100 tokens made %d fetches, want %d", got, fetchBurst)
	}
	if _, err := authenticate(a, i.token(nil)); err != nil {
		t.Errorf("a good token after the flood: %v", err)
	}
	for n := range 100 { // 10 tokens a second, for 10 s
		c.pass(100 * time.Millisecond)
		refuse(t, a, sign(t, jose.ES256, stranger, fmt.Sprint(n), claims), "no key of the issuer fits")
	}
	if got := i.fetched(); got != fetchBurst+1 {
		t.Errorf("the flood of 10 s made %d fetches, want %d", got, fetchBurst+1)
	}
}

// Clients that need the keys at the same time share one fetch.
func TestClientsShareAFetch(t *testing.T) {
	i := newIssuer(t)
	release := make(chan struct{})
	keys := i.keys
	asked := make(chan struct{}, 10)
	i.set(func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-release
		i.set(nil, keys...)
		i.serveKeys(w, r)
	})
	a, _ := i.newAuthenticator(nil)
	token := i.token(nil)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := authenticate(a, token); err != nil {
				t.Error(err)
			}
		})
	}
	<-asked
	// One that goes away does not take the fetch from the others.
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := a.Authenticate(ctx, access.Credential{Token: token}); !errors.Is(err, context.Canceled) {
		t.Errorf("a client that goes away: %v", err)
	}
	close(release)
	all.Wait()
	if got := i.fetched(); got != 2 { // the handler calls itself once
		t.Errorf("%d fetches, want 2", got)
	}
}

func TestKeysThatChange(t *testing.T) {
	i := newIssuer(t)
	a, c := i.newAuthenticator(nil)
	second := newKey(t)
	old, renewed := i.token(nil), sign(t, jose.ES256, second, "second", i.claims(nil))
	if _, err := authenticate(a, old); err != nil {
		t.Fatal(err)
	}
	i.set(nil, i.keys[0], public("second", second))
	if _, err := authenticate(a, renewed); err != nil {
		t.Errorf("a new key: %v", err)
	}
	// The same id for another key, as a test issuer has after a restart.
	third := newKey(t)
	i.set(nil, public("first", third))
	again := sign(t, jose.ES256, third, "first", i.claims(nil))
	refuse(t, a, again, "no key of the issuer fits")
	c.pass(fetchEvery)
	if _, err := authenticate(a, again); err != nil {
		t.Errorf("a new key with an old id: %v", err)
	}
	refuse(t, a, old, "no key of the issuer fits")
	refuse(t, a, renewed, "no key of the issuer fits")
}

// Old keys are fetched again. Until that succeeds, they stay in use, and nobody waits.
func TestOldKeys(t *testing.T) {
	i := newIssuer(t)
	a, c := i.newAuthenticator(nil)
	token := i.token(map[string]any{"exp": start.Add(24 * time.Hour).Unix()})
	if _, err := authenticate(a, token); err != nil {
		t.Fatal(err)
	}
	c.pass(maxAge - 1)
	if _, err := authenticate(a, token); err != nil || i.fetched() != 1 {
		t.Errorf("%d fetches before the keys are old, %v", i.fetched(), err)
	}
	asked := make(chan struct{}, 10)
	i.set(func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		http.Error(w, "down", http.StatusServiceUnavailable)
	})
	c.pass(1)
	if _, err := authenticate(a, token); err != nil {
		t.Errorf("while the issuer is down: %v", err)
	}
	select {
	case <-asked:
	case <-time.After(10 * time.Second):
		t.Error("old keys are not fetched again")
	}
	if err := a.FetchKeys(context.Background()); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("got %v", err)
	}
	i.set(nil, public("second", newKey(t)))
	c.pass(2 * fetchEvery)
	if err := a.FetchKeys(context.Background()); err != nil {
		t.Fatal(err)
	}
	refuse(t, a, token, "no key of the issuer fits")
}

// A broker starts while the issuer is down, and asks it again.
func TestIssuerDownAtTheStart(t *testing.T) {
	i := newIssuer(t)
	keys := i.keys
	i.set(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "down", http.StatusServiceUnavailable) })
	a, c := i.newAuthenticator(nil)
	token := i.token(nil)
	for range 10 {
		refuse(t, a, token, "cannot get the keys of the issuer: get "+i.url()+"/keys: 503 Service Unavailable")
	}
	if got := i.fetched(); got != fetchBurst {
		t.Errorf("%d fetches, want %d", got, fetchBurst)
	}
	i.set(nil, keys...)
	refuse(t, a, token, "cannot get the keys of the issuer") // it is too soon
	c.pass(fetchEvery)
	if _, err := authenticate(a, token); err != nil {
		t.Errorf("the issuer is up: %v", err)
	}
	i.server.Close()
	down, _ := i.newAuthenticator(nil)
	refuse(t, down, token, "connection refused")
}

func TestSlowIssuer(t *testing.T) {
	i := newIssuer(t)
	end := make(chan struct{})
	t.Cleanup(func() { close(end) }) // before the server waits for its requests
	i.set(func(http.ResponseWriter, *http.Request) { <-end })
	a, _ := i.newAuthenticator(nil)
	a.keys.wait = 50 * time.Millisecond
	refuse(t, a, i.token(nil), "context deadline exceeded")
}
