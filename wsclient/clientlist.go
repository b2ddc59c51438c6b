package wsclient

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A ClientInfo describes a client that is connected to the broker. Its fields are:
//
//	Session      string         the name of its session, which its requests' ids begin with
//	Client       string         its label: Options.Label
//	Remote       string         the address from which it has connected
//	Identity     string         who it is, if the broker asks for credentials
//	Alive        string         "message" for programs in browsers: only messages are signs of life
//	ConnectedMS  int64          how long it has been connected
//	Holding      int            how many locks it holds
//	Waiting      int            how many of its requests wait
//	Watches      int            how many watches it has
//	UnsentBytes  int64          about how many bytes the broker could not send to it yet
//	SilentMS     int64          how long ago the broker has heard it last
//	Requests     []RequestInfo  its requests: see Requests of ClientsOptions
type ClientInfo = wire.ClientInfo

// ClientsOptions select what [Client.Clients] lists. The zero value lists every client that is connected.
type ClientsOptions struct {
	// Label is a glob that the labels must match: * does not match a slash, and ** does. "": all labels.
	Label string
	// Remote is the address from which clients must have connected: an IP address, or a network such as
	// 192.0.2.0/24. "": all addresses.
	Remote string
	// Holding lists only clients that hold a lock, and Waiting only those with a request that waits. With
	// both, a client must do both.
	Holding, Waiting bool
	// Session lists only the client of this session. "": all sessions.
	Session string
	// Requests is the maximum number of requests of the client to list, 1 to 1000: first those that hold,
	// then those that wait. It needs Session. 0: none.
	Requests int
	// Page is the number of clients to request from the broker at a time, 1 to 1000. 0: 1000.
	Page int
}

// Clients lists the clients that are connected, this one included, in the order in which they connected. Like
// [Client.Info] it requests one page after another. A client that stays connected is listed once. An error
// ends the listing. Clients waits for a connection as Info does: for at most 30 s if ctx has no deadline. A
// broker that is older than this method refuses it, and the error says so.
func (c *Client) Clients(ctx context.Context, options *ClientsOptions) iter.Seq2[ClientInfo, error] {
	var o ClientsOptions
	if options != nil {
		o = *options
	}
	return func(yield func(ClientInfo, error) bool) {
		conn, err := c.connectedSoon(ctx)
		if err != nil {
			yield(ClientInfo{}, fmt.Errorf("clients: %w", err))
			return
		}
		for q, more := o.question(), true; more; more = q.After != 0 {
			page, err := conn.clientsPage(ctx, q)
			if err != nil {
				yield(ClientInfo{}, fmt.Errorf("clients: %w", err))
				return
			}
			for _, client := range page.Clients {
				if !yield(client, nil) {
					return
				}
			}
			q.After = page.Next
		}
	}
}

func (o *ClientsOptions) question() wire.Clients {
	m := wire.Clients{Client: glob(o.Label), Holding: o.Holding, Waiting: o.Waiting}
	if o.Remote != "" {
		m.Remote = wire.Some(o.Remote)
	}
	if o.Session != "" {
		m.Session = wire.Some(o.Session)
	}
	if o.Requests != 0 {
		m.Requests = wire.Some(o.Requests)
	}
	if o.Page != 0 {
		m.Max = wire.Some(o.Page)
	}
	return m
}

func (c *conn) clientsPage(ctx context.Context, q wire.Clients) (*wire.ClientsPage, error) {
	page, err := answerOf[*wire.ClientsPage](c.inquire(ctx, func(id wire.ID) wire.Request {
		q.ID = id
		return &q
	}))
	if isUnknownType(err) {
		err = fmt.Errorf("the broker is too old: it cannot list clients (%w)", err)
	}
	return page, err
}

// isUnknownType reports whether err is the refusal of a broker that does not know the type of a message.
func isUnknownType(err error) bool {
	var refusal *Error
	return errors.As(err, &refusal) && refusal.Code == wire.BadRequest &&
		strings.HasPrefix(refusal.Message, "type: unknown")
}
