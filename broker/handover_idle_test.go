package broker_test

import (
	"testing"
	"time"
)

// A hand-over of a broker at which nobody holds anything keeps nobody waiting, whatever its clients can take up.
func TestHandOverOfNothing(t *testing.T) {
	for name, connect := range map[string]func(r *rig) *peer{
		"old":   func(r *rig) *peer { b := r.connect("b"); b.take(); return b },
		"moved": func(r *rig) *peer { return r.connectLasting("b", "moved") },
		"kept":  func(r *rig) *peer { return r.connectKept("b") },
	} {
		t.Run(name, func(t *testing.T) {
			inCluster(t, 2, func(c *clusterRig) {
				first := c.rigs[0]
				b := connect(first)
				b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"y"}]}`)
				pass(time.Second)
				b.grantedToken("bbbbbbbb--0")
				b.send(`{"type":"release","id":"bbbbbbbb--0"}`)
				pass(time.Second)
				first.server.Stop()
				next := c.owner()
				pass(time.Second)
				d := next.connectLasting("d", "moved")
				d.send(`{"type":"acquire","id":"dddddddd--0","locks":[{"name":"y"}]}`)
				pass(time.Second)
				d.grantedToken("dddddddd--0")
				next.left(d)
			})
		})
	}
}
