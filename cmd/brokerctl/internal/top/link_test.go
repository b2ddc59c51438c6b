package top

import (
	"errors"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A renewal that fails is shown, and does not look like a lost connection.
func TestRenewalFailed(t *testing.T) {
	for _, before := range []wsclient.State{wsclient.Connected, wsclient.NotGranting, wsclient.Draining} {
		link := NewLinkFeed()
		if before != wsclient.Connected {
			link.OnState(before, nil)
		}
		link.OnRenewalFailed(errors.New("renew the credential: no token"), 0)
		got := <-link.latest
		const why = "could not renew the credential: no token"
		if got.State != before || !strings.HasSuffix(got.Why.Error(), why) {
			t.Errorf("%v: got %v, %v", before, got.State, got.Why)
		}
	}
}
