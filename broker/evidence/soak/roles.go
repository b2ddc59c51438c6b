//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/host"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/hostile"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/load"
)

// The program starts itself for its child processes. Two environment variables say what a child is.
const (
	roleVariable   = "LOCKBROKER_SOAK_ROLE"
	configVariable = "LOCKBROKER_SOAK_CONFIG"

	brokerRole  = "broker"
	clientsRole = "clients"
	hostileRole = "hostile"
)

// A hostileConfig configures the process of hostile clients.
type hostileConfig struct {
	Address string
	Clients int
}

// play is main for a child process. It returns the exit code.
func play(role string) int {
	var err error
	text := []byte(os.Getenv(configVariable))
	switch role {
	case brokerRole:
		var config host.Config
		if err = json.Unmarshal(text, &config); err == nil {
			return host.Run(config, os.Stdin, os.Stdout)
		}
	case clientsRole:
		var config load.Config
		if err = json.Unmarshal(text, &config); err == nil {
			err = load.Run(config, os.Stdin, os.Stdout)
		}
	case hostileRole:
		var config hostileConfig
		if err = json.Unmarshal(text, &config); err == nil {
			ctx, cancel := context.WithCancel(context.Background())
			go func() {
				_, _ = io.Copy(io.Discard, os.Stdin) // until the soak closes it
				cancel()
			}()
			hostile.Attack(ctx, config.Address, config.Clients)
		}
	default:
		err = fmt.Errorf("unknown role %q", role)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		return 1
	}
	return 0
}
