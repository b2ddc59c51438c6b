package broker

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A share is an identity, wherever it connects from. Clients without one share by address, whatever
// the port, and an IPv6 address stands for its network.
func TestShareName(t *testing.T) {
	for _, c := range []struct {
		peer wire.Peer
		want string
	}{
		{wire.Peer{Remote: "192.0.2.1:1000", Client: "billing"}, "192.0.2.1"},
		{wire.Peer{Remote: "192.0.2.1:1001"}, "192.0.2.1"},
		{wire.Peer{Remote: "[2001:db8:1:2:3::4]:1"}, "2001:db8:1:2::/64"},
		{wire.Peer{Remote: "[2001:db8:1:2:ffff::1]:2"}, "2001:db8:1:2::/64"},
		{wire.Peer{Remote: "[fe80::1%eth0]:2"}, "fe80::/64"},
		{wire.Peer{Remote: "[::ffff:192.0.2.1]:2"}, "192.0.2.1"},
		{wire.Peer{Remote: "192.0.2.1:1000", Identity: "ann"}, "identity ann"},
		{wire.Peer{Remote: "@"}, "@"},
	} {
		if got := shareName(c.peer); got != c.want {
			t.Errorf("%+v: got %q, want %q", c.peer, got, c.want)
		}
	}
}
