package broker

import (
	"net/http"
	"net/netip"
	"sync"
)

// A connLimit bounds the number of sessions, in all and per address, so that nobody can use up the
// memory or the descriptors. A session counts from the accepted upgrade until its goroutines have
// ended.
type connLimit struct {
	most, mostPerAddress int

	mu   sync.Mutex
	all  int
	from map[netip.Prefix]int
}

func newConnLimit(c *Config) *connLimit {
	return &connLimit{
		most: c.MaxConnections, mostPerAddress: c.MaxConnectionsPerAddress, from: make(map[netip.Prefix]int),
	}
}

// add counts a session, or returns why there may not be another. Each add that returns nil needs a
// remove.
func (c *connLimit) add(address netip.Prefix) *refusal {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case address.IsValid() && c.from[address] >= c.mostPerAddress:
		return &refusal{http.StatusTooManyRequests, "too many connections from this address: try again later"}
	case c.all >= c.most:
		return &refusal{http.StatusServiceUnavailable, "the broker has too many connections: try again later"}
	}
	c.all++
	if address.IsValid() {
		c.from[address]++
	}
	return nil
}

// remove undoes add.
func (c *connLimit) remove(address netip.Prefix) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all--
	if !address.IsValid() {
		return
	}
	c.from[address]--
	if c.from[address] == 0 {
		delete(c.from, address)
	}
}

// addressOf returns the address by which limits per address count. remote is the host and port of a
// client. An IPv4 address counts as it is. An IPv6 address counts as its /64, because one machine
// commonly has that many. Anything else, such as a Unix socket, counts in all only: addressOf
// returns the zero Prefix.
func addressOf(remote string) netip.Prefix {
	from, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	ip := from.Addr().Unmap().WithZone("")
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	prefix, _ := ip.Prefix(bits)
	return prefix
}
