package main

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"pgregory.net/rapid"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
	"github.com/lockbroker/lockbroker/cmd/internal/cmdtest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// TestPrefixGlob checks that the glob matches exactly the names with the prefix.
func TestPrefixGlob(t *testing.T) {
	text := rapid.StringMatching(`[ab/*?{}\[\]\\,ß]{0,6}`)
	rapid.Check(t, func(t *rapid.T) {
		prefix, name := text.Draw(t, "prefix"), text.Draw(t, "name")
		if rapid.Bool().Draw(t, "has the prefix") {
			name = prefix + name
		}
		if prefix == "" || name == "" {
			return // An empty prefix means all names, and an empty name is invalid.
		}
		pattern := prefixGlob(prefix)
		if glob.Cost(pattern) > glob.MaxCost {
			t.Fatalf("%s costs too much", pattern)
		}
		if got := doublestar.MatchUnvalidated(pattern, name); got != strings.HasPrefix(name, prefix) {
			t.Fatalf("%s matches %q: %v", pattern, name, got)
		}
	})
}

// TestSuggestGivesUp checks that suggestions do not wait forever for a server that never answers.
func TestSuggestGivesUp(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // the error does not matter
	command := &infoCmd{target: target{URL: "ws://" + listener.Addr().String()}}
	for name, source := range sources(suggestWait) {
		if found := source(t.Context(), command, ""); len(found) > 0 {
			t.Errorf("%s: %v", name, found)
		}
	}
}

// TestSuggestBounds checks the limits: 1000 of very many locks, 20 of very many holders of a lock, and one
// suggestion for a request that has several locks.
func TestSuggestBounds(t *testing.T) {
	b, err := cmdtest.StartBroker(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Stop()
	client, err := wsclient.Dial(t.Context(), b.URL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for range suggestQueue + 1 {
		options := &wsclient.AcquireOptions{Mode: wsclient.Shared}
		if _, err := client.Acquire(t.Context(), "popular", options); err != nil {
			t.Fatal(err)
		}
	}
	const each, requests = 64, suggestMax/64 + 1
	for r := range requests {
		options := &wsclient.AcquireOptions{}
		for n := range each - 1 {
			options.Also = append(options.Also, wsclient.LockSpec{Name: fmt.Sprintf("%d/%d", r, n)})
		}
		if _, err := client.Acquire(t.Context(), fmt.Sprint(r), options); err != nil {
			t.Fatal(err)
		}
	}
	command := &infoCmd{target: target{URL: b.URL()}}
	for source, want := range map[string]int{
		"lock": suggestMax, "held": suggestMax, "pattern": suggestMax,
		"request": suggestQueue + requests, "waiter": 0,
	} {
		if got := len(sources(time.Minute)[source](t.Context(), command, "")); got != want {
			t.Errorf("%s: %d suggestions for %d locks, want %d", source, got, each*requests, want)
		}
	}
}
