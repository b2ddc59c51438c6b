package main

import (
	"fmt"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// frontFlags are for a broker behind a proxy.
type frontFlags struct {
	TrustedProxy []string `env:"BROKERD_TRUSTED_PROXY" placeholder:"CIDR" help:"An address or network of proxies, such as 10.0.0.0/8, whose Forwarded or X-Forwarded-For header, or PROXY protocol (see --listen), says from where a client connects. May be repeated."`
	BasePath     string   `env:"BROKERD_BASE_PATH" placeholder:"PATH" help:"Serve everything below this path, such as /locks: the WebSocket is then at /locks/ws, and the probes are at /locks/livez and /locks/readyz. For a proxy that passes only a part of the paths of a host."`
}

// validateProxies refuses a --trusted-proxy that is neither an address nor a network, and a --base-path that is no
// path.
func (f *frontFlags) validateProxies() error {
	for _, text := range f.TrustedProxy {
		if _, ok := wire.Network(text); !ok {
			const format = "--trusted-proxy is %.80q: want an IP address, or a network such as 10.0.0.0/8"
			return fmt.Errorf(format, text)
		}
	}
	if err := broker.CheckBasePath(f.BasePath); err != nil {
		return fmt.Errorf("--base-path: %w", err)
	}
	return nil
}

func (f *frontFlags) setProxies(c *broker.Config) {
	c.BasePath = f.BasePath
	for _, text := range f.TrustedProxy {
		network, _ := wire.Network(text) // Validate has checked it
		c.TrustedProxies = append(c.TrustedProxies, network)
	}
}
