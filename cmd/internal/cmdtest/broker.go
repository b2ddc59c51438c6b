package cmdtest

import (
	"strings"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
)

// A Broker runs in this process and listens on a free port.
type Broker struct {
	url  string
	stop func()
}

// StartBroker starts one. It is to be stopped.
func StartBroker(config broker.Config) (*Broker, error) {
	url, stop, err := brokertest.Listen(config)
	if err != nil {
		return nil, err
	}
	return &Broker{url, stop}, nil
}

// Address is its host and port.
func (b *Broker) Address() string { return strings.TrimPrefix(b.url, "ws://") }

// URL is what clients dial.
func (b *Broker) URL() string { return b.url }

// Stop ends it, and waits until it has.
func (b *Broker) Stop() { b.stop() }
