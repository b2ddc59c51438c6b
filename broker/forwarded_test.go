package broker_test

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/lockbroker/lockbroker/broker"
)

// The header of a proxy counts only if the proxy is trusted, and only up to the first address that no
// trusted proxy has added.
func TestForwarded(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48")}
	b, err := broker.New(broker.Config{TrustedProxies: trusted})
	if err != nil {
		t.Fatal(err)
	}
	const proxy, stranger = "10.0.0.1:4000", "192.0.2.1:4000"
	for _, test := range []struct {
		peer, header string
		lines        []string
		want         string
	}{
		{stranger, "X-Forwarded-For", []string{"198.51.100.7"}, stranger},
		{stranger, "Forwarded", []string{"for=198.51.100.7"}, stranger},
		{proxy, "X-Forwarded-For", nil, proxy},
		{proxy, "X-Forwarded-For", []string{"198.51.100.7"}, "198.51.100.7"},
		{proxy, "X-Forwarded-For", []string{"203.0.113.9, 198.51.100.7"}, "198.51.100.7"},
		{proxy, "X-Forwarded-For", []string{"203.0.113.9", "198.51.100.7, 10.1.1.1"}, "198.51.100.7"},
		{proxy, "X-Forwarded-For", []string{"garbage, 10.1.1.1"}, "10.1.1.1"},
		{proxy, "X-Forwarded-For", []string{"garbage"}, proxy},
		{proxy, "X-Forwarded-For", []string{"198.51.100.7:1234"}, "198.51.100.7"},
		{proxy, "X-Forwarded-For", []string{"2001:db8:2::1, 2001:db8:1::1"}, "2001:db8:2::1"},
		{proxy, "Forwarded", []string{"for=198.51.100.7;proto=https;by=10.0.0.1"}, "198.51.100.7"},
		{proxy, "Forwarded", []string{`For="[2001:db8:2::1]:4711"`}, "2001:db8:2::1"},
		{proxy, "Forwarded", []string{`for="[2001:db8:2::1]"`}, "2001:db8:2::1"},
		{proxy, "Forwarded", []string{"for=203.0.113.9, for=unknown"}, proxy},
		{proxy, "Forwarded", []string{"for=203.0.113.9, proto=http"}, proxy},
		{"[2001:db8:1::5]:80", "X-Forwarded-For", []string{"::ffff:198.51.100.7"}, "198.51.100.7"},
	} {
		r := &http.Request{RemoteAddr: test.peer, Header: http.Header{test.header: test.lines}}
		if test.lines == nil {
			r.Header = http.Header{}
		}
		if got := b.RemoteOf(r); got != test.want {
			t.Errorf("%s, %s %q: got %s, want %s", test.peer, test.header, test.lines, got, test.want)
		}
	}
	both := http.Header{"Forwarded": {"for=198.51.100.7"}, "X-Forwarded-For": {"203.0.113.9"}}
	if got := b.RemoteOf(&http.Request{RemoteAddr: proxy, Header: both}); got != "" {
		t.Errorf("both headers: got %s, want a refusal", got)
	}
}
