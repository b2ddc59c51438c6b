package wsclient

import (
	"context"
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A Principal says who the client is to its broker, and what it may do. See [Client.WhoAmI].
type Principal struct {
	// Identity is who the client is. It is "" if the broker asks for no credentials.
	Identity string
	// Groups are the groups of the identity.
	Groups []string
	// Expires is after how long the credential expires, if Expiring is true.
	Expires  time.Duration
	Expiring bool
	// Permissions are what the client may do. If the broker asks for no credentials, there is one, with all verbs
	// and **.
	Permissions []Permission
	// More reports whether there are more permissions than the broker lists.
	More bool
}

// A Permission allows what its verbs say on the locks whose names match one of its globs. Its fields are:
//
//	Allow  []wire.Verb  "acquire", "shared", "list", "steal", "evict", "clients" or "metrics"
//	Locks  []string     globs: * does not match a slash, and ** does
//
// "shared" allows to acquire in shared mode only. "clients" and "metrics" do not depend on the locks.
type Permission = wire.Permission

// WhoAmI asks the broker who the client is and what it may do. Every client may ask this. WhoAmI waits for a
// connection as [Client.Info] does: for at most 30 s if ctx has no deadline. A broker that is older than this
// method refuses it, and the error says so.
func (c *Client) WhoAmI(ctx context.Context) (*Principal, error) {
	answer, err := answerOf[*wire.Permissions](c.inquire(ctx, func(id wire.ID) wire.Request {
		return &wire.WhoAmI{ID: id}
	}))
	if isUnknownType(err) {
		err = fmt.Errorf("the broker is too old: it asks for no credentials (%w)", err)
	}
	if err != nil {
		return nil, fmt.Errorf("whoami: %w", err)
	}
	left, expiring := answer.ExpiresMS.Get()
	return &Principal{
		Identity: answer.Identity, Groups: answer.Groups,
		Expires: millis(left), Expiring: expiring,
		Permissions: answer.Permissions, More: answer.More,
	}, nil
}
