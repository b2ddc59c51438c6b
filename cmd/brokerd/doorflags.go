package main

import (
	"errors"

	"github.com/lockbroker/lockbroker/broker"
)

// doorFlags limit how fast clients may connect.
type doorFlags struct {
	HandshakesPerSecond int `default:"200" env:"BROKERD_HANDSHAKES_PER_SECOND" help:"Maximum number of new connections a second from one IP address, or one IPv6 /64, after a burst. A further one is closed at once. --trusted-proxy is exempt."`
	HandshakeBurst      int `default:"10000" env:"BROKERD_HANDSHAKE_BURST" help:"How many connections one address may make before --handshakes-per-second applies, so that all clients behind one address can reconnect together."`
}

func (f *doorFlags) validateDoor() error {
	switch {
	case f.HandshakesPerSecond < 1:
		return errors.New("--handshakes-per-second: want 1 or more")
	case f.HandshakeBurst < 1:
		return errors.New("--handshake-burst: want 1 or more")
	}
	return nil
}

func (f *doorFlags) setDoor(c *broker.Config) {
	c.HandshakesPerSecond, c.HandshakeBurst = f.HandshakesPerSecond, f.HandshakeBurst
}
