package wsclient_test

import (
	"testing"

	"github.com/lockbroker/lockbroker/wsclient"
)

// ParseID reads what String returns, for the zero ID too. TestParentOption has the texts that it refuses.
func TestParseID(t *testing.T) {
	for _, id := range []wsclient.ID{{}, {Session: "k3v9x2mq"}, {Session: "k3v9x2mq", N: 1041}} {
		if got, err := wsclient.ParseID(id.String()); err != nil || got != id {
			t.Errorf("%q: got %+v, %v", id.String(), got, err)
		}
	}
}
