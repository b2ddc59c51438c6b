package listing

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// What this client may not list is named in words.
func TestHidden(t *testing.T) {
	whole := wire.RequestInfo{Hidden: true}
	if got := (Format{Wide: true}).Request(whole); got != "a hidden request" || Named(whole) != got {
		t.Errorf("got %q and %q", got, Named(whole))
	}
	part := wire.RequestInfo{ID: wire.ParseID("k3--0"), Locks: []string{"a"}, Hidden: true}
	if got, want := LockNames(part), "a + hidden locks"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	want := "#k3--0, duration: 0:00:00.000000, exclusive, of a + hidden locks"
	if got := (Format{Wide: true}).Request(part); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
