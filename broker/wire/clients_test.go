package wire_test

import (
	"net/netip"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

func TestNetwork(t *testing.T) {
	for _, c := range []struct{ text, in, out string }{
		{"192.0.2.1", "192.0.2.1", "192.0.2.2"},
		{"192.0.2.7/24", "192.0.2.255", "192.0.3.0"},
		{"0.0.0.0/0", "255.255.255.255", "::1"},
		{"::ffff:192.0.2.1", "192.0.2.1", "192.0.2.2"},
		{"::ffff:192.0.2.0/120", "192.0.2.9", "192.0.3.0"},
		{"2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"},
		{"fe80::1%eth0", "fe80::1", "fe80::2"},
	} {
		network, ok := wire.Network(c.text)
		in, out := netip.MustParseAddr(c.in), netip.MustParseAddr(c.out)
		if !ok || !network.Contains(in) || network.Contains(out) {
			t.Errorf("%s is %v: want %s in it, and %s not", c.text, network, c.in, c.out)
		}
	}
	for _, text := range []string{"", "host7", "192.0.2", "192.0.2.1:80", "[::1]:80", "192.0.2.0/33", "::/129"} {
		if network, ok := wire.Network(text); ok {
			t.Errorf("%q is %v, want none", text, network)
		}
	}
}
