package wsclient

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/retry"
)

// A credential that expires is renewed on the connection. One goroutine for each connection does this, and not the
// core: a renewal changes nothing about requests and leases, and Options.Token may block. If the credential does
// expire, the broker closes the connection, and the core learns of it as of any other end.

const (
	// soon is how little may be left of a credential when the client connects, so that the client renews it at
	// once.
	soon = 5 * time.Second
	// minRenewal bounds how often the client renews a credential that is always about to expire.
	minRenewal = time.Second
)

// firstRenewal returns when to renew a credential of which so much is left when the connection begins.
func firstRenewal(left time.Duration) time.Duration {
	if left < soon {
		return 0
	}
	return left * 2 / 3
}

// nextRenewal returns when to renew a credential of which so much is left after a renewal.
func nextRenewal(left time.Duration) time.Duration { return max(left*2/3, minRenewal) }

// renewalRetry returns when to try again after a renewal has failed. pause is the least time. If much is left of
// the old credential, there is no hurry.
func renewalRetry(left, pause time.Duration) time.Duration { return max(left/10, pause) }

// startRenewal lets a goroutine renew the credential if it expires. The caller holds the client's mu.
func (c *conn) startRenewal() {
	left, expires := c.hello.ExpiresMS.Get()
	if !expires || c.client.options.Token == nil {
		return
	}
	ctx, stop := context.WithCancel(c.client.life)
	c.stopRenewal = stop
	c.goroutines.Go(func() { c.renew(ctx, millis(left)) })
}

// renew renews the credential until ctx ends or the credential does not expire.
func (c *conn) renew(ctx context.Context, left time.Duration) {
	var pauses retry.Backoff
	now := func() time.Duration { return c.client.clock.awake().Mono }
	expiry, wait := now()+left, firstRenewal(left)
	for sleep(ctx, wait) == nil {
		answer, err := c.authenticate(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			wait = renewalRetry(expiry-now(), pauses.Next(0, rand.Float64()))
			c.client.tracer.renewalFailed(fmt.Errorf("renew the credential: %w", err), wait)
			continue
		}
		left, expires := answer.ExpiresMS.Get()
		if !expires {
			return
		}
		pauses = retry.Backoff{}
		expiry, wait = now()+millis(left), nextRenewal(millis(left))
	}
}

// authenticate sends a new token.
func (c *conn) authenticate(ctx context.Context) (*wire.Authenticated, error) {
	asking, cancel := context.WithTimeout(ctx, tokenWait)
	defer cancel()
	token, err := c.client.token(asking)
	if err != nil {
		return nil, err
	}
	return answerOf[*wire.Authenticated](c.inquire(ctx, func(id wire.ID) wire.Request {
		return &wire.Auth{ID: id, Token: token}
	}))
}

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
