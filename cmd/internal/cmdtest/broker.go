package cmdtest

import (
	"strings"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
)

// A Broker runs in this process and listens on a free port of the loopback interface.
type Broker struct {
	url  string
	stop func()
}

// StartBroker starts a broker. The caller must stop it.
func StartBroker(config broker.Config) (*Broker, error) {
	url, stop, err := brokertest.Listen(config)
	if err != nil {
		return nil, err
	}
	return &Broker{url, stop}, nil
}

// Address returns its host and port.
func (b *Broker) Address() string { return strings.TrimPrefix(b.url, "ws://") }

// URL returns the URL for clients.
func (b *Broker) URL() string { return b.url }

// Stop stops the broker and waits until it has ended.
func (b *Broker) Stop() { b.stop() }
