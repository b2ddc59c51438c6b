package broker

import (
	"net/http"
	"net/netip"
	"sync"
)

// A door counts sessions, in all and per address, from the accepted upgrade until the
// goroutines of the session have ended. It refuses those that would be too many, so that
// nobody can take all memory or descriptors by opening connections.
type door struct {
	most, mostPerAddress int

	mu   sync.Mutex
	all  int
	from map[netip.Prefix]int
}

func newDoor(c *Config) *door {
	return &door{most: c.MaxConnections, mostPerAddress: c.MaxConnectionsPerAddress, from: make(map[netip.Prefix]int)}
}

// enter admits a session, or says why not. Each that was admitted must leave.
func (d *door) enter(address netip.Prefix) *refusal {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case address.IsValid() && d.from[address] >= d.mostPerAddress:
		return &refusal{http.StatusTooManyRequests, "too many connections from this address: try again later"}
	case d.all >= d.most:
		return &refusal{http.StatusServiceUnavailable, "the broker has too many connections: try again later"}
	}
	d.all++
	if address.IsValid() {
		d.from[address]++
	}
	return nil
}

func (d *door) leave(address netip.Prefix) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all--
	if address.IsValid() {
		forget(d.from, address)
	}
}

// forget takes one from a count, and removes a count of 0.
func forget(counts map[netip.Prefix]int, address netip.Prefix) {
	counts[address]--
	if counts[address] == 0 {
		delete(counts, address)
	}
}

// addressOf returns the address that bounds per address count for remote, the host and
// port of a client: an IPv4 address, or the /64 of an IPv6 one, because a single machine
// commonly has that many. What is no IP address, such as the end of a Unix socket, counts
// in all only; it gives the zero Prefix.
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
