package main

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"pgregory.net/rapid"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// TestPrefixGlob: it matches the names that begin so, and no others.
func TestPrefixGlob(t *testing.T) {
	text := rapid.StringMatching(`[ab/*?{}\[\]\\,ß]{0,6}`)
	rapid.Check(t, func(t *rapid.T) {
		prefix, name := text.Draw(t, "prefix"), text.Draw(t, "name")
		if rapid.Bool().Draw(t, "begins so") {
			name = prefix + name
		}
		if prefix == "" || name == "" {
			return // that is "all names", and that is none
		}
		glob := prefixGlob(prefix)
		if wire.GlobCost(glob) > wire.MaxGlobCost {
			t.Fatalf("%s costs too much", glob)
		}
		if got := doublestar.MatchUnvalidated(glob, name); got != strings.HasPrefix(name, prefix) {
			t.Fatalf("%s matches %q: %v", glob, name, got)
		}
	})
}

// TestSuggestGivesUp: something that listens and says nothing is not waited for
// longer than somebody at a keyboard likes.
func TestSuggestGivesUp(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // it is of no interest
	command := &infoCmd{target: target{URL: "ws://" + listener.Addr().String()}}
	start := time.Now()
	for name, source := range sources() {
		if found := source(t.Context(), command, ""); len(found) > 0 {
			t.Errorf("%s: %v", name, found)
		}
	}
	// Generous, for a machine that is busy; a command waits for 5 s.
	if took, each := time.Since(start), time.Since(start)/time.Duration(len(sources())); each > 4*suggestWait {
		t.Errorf("it took %v", took)
	}
}
