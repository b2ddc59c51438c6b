package main

import (
	"context"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/clients"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/complete"
	"github.com/lockbroker/lockbroker/wsclient"
)

// suggestClients returns a source that makes a suggestion of each client of the broker. It waits for the broker for at
// most the time wait.
func suggestClients(wait time.Duration, suggest func(*wire.ClientInfo) complete.Suggestion) complete.Source {
	return func(ctx context.Context, command any, prefix string) (found []complete.Suggestion) {
		ctx, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		t, ok := command.(*clientsCmd)
		if !ok {
			return nil
		}
		client, err := t.dial(ctx)
		if err != nil {
			return nil
		}
		for info, err := range client.Clients(ctx, &wsclient.ClientsOptions{Page: suggestMax / 10}) {
			if err != nil || len(found) == suggestMax {
				break
			}
			if s := suggest(&info); s.Value != "" && !slices.Contains(found, s) {
				found = append(found, s)
			}
		}
		if ctx.Err() == nil {
			_ = client.Close() // After the timeout, Close could wait for a broker that does not answer.
		}
		return found
	}
}

// labelOf suggests a glob that matches the label of a client.
func labelOf(c *wire.ClientInfo) complete.Suggestion {
	return complete.Suggestion{Value: glob.Escape(c.Client), About: clients.Address(c)}
}

// sessionOf suggests the session of a client.
func sessionOf(c *wire.ClientInfo) complete.Suggestion {
	return complete.Suggestion{Value: c.Session, About: clients.Who(c)}
}
