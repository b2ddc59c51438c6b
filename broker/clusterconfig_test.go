package broker

import (
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/cluster"
)

// The address goes over the wire and into logs, so it must be a URL in ASCII.
func TestClusterAddress(t *testing.T) {
	for address, good := range map[string]bool{
		"ws://10.0.0.7:27002": true, "wss://locks.example.com/base": true, "ws://[::1]:27002": true,
		"": false, "10.0.0.7:27002": false, "http://10.0.0.7": false, "ws://": false,
		`ws://a"b`: false, `ws://a/"`: false, "ws://a/b c": false,
		"ws://a\x00": false, "ws://\u00e4": false, "ws://a/\xff": false,
	} {
		c := &Cluster{Store: struct{ cluster.Store }{}, Address: address}
		_, err := c.withDefaults("")
		if refused := err != nil && strings.Contains(err.Error(), "Cluster.Address"); refused == good {
			t.Errorf("%q: %v", address, err)
		}
	}
}
