package wire

import (
	"errors"
	"net/netip"
)

// ClientInfo describes a client that is connected.
type ClientInfo struct {
	// Session is the name of its session.
	Session string `json:"session"`
	Peer
	// Alive is [AliveMessage] if the client has asked for that. Programs in browsers do.
	Alive string `json:"alive,omitzero"`
	// ConnectedMS is how long the client has been connected, in milliseconds.
	ConnectedMS int64 `json:"connected_ms"`
	// Holding is how many locks it holds, and Waiting how many of its requests wait.
	Holding int `json:"holding"`
	Waiting int `json:"waiting"`
	// Watches is how many watches it has.
	Watches int `json:"watches"`
	// UnsentBytes is about how many bytes of replies the broker could not send to it yet.
	UnsentBytes int64 `json:"unsent_bytes"`
	// SilentMS is how long ago the last sign of life arrived, in milliseconds.
	SilentMS int64 `json:"silent_ms"`
	// Requests are those that hold, in the order of their grants, and then those that wait, in
	// the order of their arrival. The Mode of each is that on its first lock. Absent if
	// [Clients] did not ask for them.
	Requests []RequestInfo `json:"requests,omitzero"`
}

// Network parses an IP address, or a network such as 192.0.2.0/24. An address is a network of one.
// It returns false for other text.
func Network(text string) (netip.Prefix, bool) {
	network, err := netip.ParsePrefix(text)
	if err != nil {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return netip.Prefix{}, false
		}
		network = netip.PrefixFrom(addr, addr.BitLen())
	}
	// An IPv4 address that is written as IPv6 has a prefix of 96 bits.
	if addr, bits := network.Addr(), network.Bits(); addr.Is4In6() && bits >= 96 {
		network = netip.PrefixFrom(addr.Unmap(), bits-96)
	}
	return network.Masked(), true
}

// maxNetwork is more than the longest text of a network.
const maxNetwork = 64

func (m *Clients) check(l Limits) error {
	if err := checkAfter(m.After); err != nil {
		return err
	}
	if err := checkRange("max", m.Max, 1, MaxPage); err != nil {
		return err
	}
	session, given := m.Session.Get()
	if given {
		if err := checkName("session", session, l); err != nil {
			return err
		}
	} else if !m.Requests.IsZero() {
		return errors.New("requests: with session only")
	}
	if err := checkRange("requests", m.Requests, 1, MaxPage); err != nil {
		return err
	}
	if remote, given := m.Remote.Get(); given {
		if _, ok := Network(remote); !ok || len(remote) > maxNetwork {
			return errors.New("remote: want an IP address, or a network such as 192.0.2.0/24")
		}
	}
	return checkGlob("client", m.Client, l)
}
