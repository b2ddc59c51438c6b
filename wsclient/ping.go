package wsclient

import (
	"context"
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Ping sends a ping to the broker and returns how long the answer took. The client also sends pings by
// itself, to extend its lease. Ping waits for a connection as [Client.Info] does: for at most 30 s if ctx has
// no deadline.
func (c *Client) Ping(ctx context.Context) (time.Duration, error) {
	start := time.Now()
	_, err := answerOf[*wire.Pong](c.inquire(ctx, func(id wire.ID) wire.Request { return &wire.Ping{ID: id} }))
	if err != nil {
		return 0, fmt.Errorf("ping: %w", err)
	}
	return time.Since(start), nil
}
