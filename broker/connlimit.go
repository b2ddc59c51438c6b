package broker

import (
	"fmt"
	"net/http"
	"net/netip"
	"sync"

	"github.com/lockbroker/lockbroker/broker/internal/shrink"
)

// A connLimit limits the number of sessions, in total and per address, so that nobody can use up
// memory or file descriptors. A session counts from its accepted upgrade until its goroutines have
// ended.
type connLimit struct {
	most, mostPerAddress int
	refusals             *refusals

	mu   sync.Mutex
	all  int
	from shrink.Map[netip.Prefix, int]
}

func newConnLimit(c *Config, r *refusals) *connLimit {
	return &connLimit{
		most: c.MaxConnections, mostPerAddress: c.MaxConnectionsPerAddress, refusals: r,
	}
}

// add counts a session, or returns why there may not be another. Call remove once for each add that
// returns nil.
func (c *connLimit) add(address netip.Prefix) *refusal {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case address.IsValid() && c.from.Get(address) >= c.mostPerAddress:
		return c.refusals.tooManyConnections(limitAddressConnections, "this address", c.mostPerAddress)
	case c.all >= c.most:
		return c.refusals.tooManyConnections(limitConnections, "the broker", c.most)
	}
	c.all++
	if address.IsValid() {
		c.from.Set(address, c.from.Get(address)+1)
	}
	return nil
}

// count returns how many sessions there are.
func (c *connLimit) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all
}

// tooManyConnections refuses a connection beyond a limit: who may have most.
func (r *refusals) tooManyConnections(over limit, who string, most int) *refusal {
	r.add(over)
	status := http.StatusTooManyRequests
	if over == limitConnections {
		status = http.StatusServiceUnavailable
	}
	help := fmt.Sprintf("too many connections: %s may have %s: try again later", who, count(most))
	return &refusal{status, help}
}

// remove undoes add.
func (c *connLimit) remove(address netip.Prefix) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all--
	if !address.IsValid() {
		return
	}
	if left := c.from.Get(address) - 1; left > 0 {
		c.from.Set(address, left)
	} else {
		c.from.Delete(address)
	}
}

// addressOf returns the address under which a client counts toward the limits per address. remote
// is the client's IP address, with its port if that is known. An IPv4 address stands for itself. An
// IPv6 address stands for its /64 network, because one machine commonly has a whole /64. Anything
// else, such as a Unix socket, counts only toward the totals: addressOf returns the zero Prefix.
func addressOf(remote string) netip.Prefix {
	ip, ok := ipOf(remote)
	if !ok {
		return netip.Prefix{}
	}
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	prefix, _ := ip.Prefix(bits)
	return prefix
}

// ipOf returns the IP address in the address of a client, or false if it has none.
func ipOf(remote string) (netip.Addr, bool) {
	if with, err := netip.ParseAddrPort(remote); err == nil {
		return with.Addr().Unmap().WithZone(""), true
	}
	ip, err := netip.ParseAddr(remote)
	return ip.Unmap().WithZone(""), err == nil
}
