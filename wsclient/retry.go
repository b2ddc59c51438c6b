package wsclient

import (
	"errors"
	"net/http"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/wsclient/internal/retry"
)

// isFinal reports whether another attempt would fail, too, according to the tables of the protocol. err is why the
// last attempt or connection has ended. If it is in none of the tables, it may be temporary.
func isFinal(err error) bool {
	refused, closed := new(DialError), new(websocket.CloseError)
	return errors.As(err, &refused) && !refused.FromProxy && retry.IsFinalStatus(refused.Status) ||
		errors.As(err, &closed) && retry.IsFinalClose(closed.Code)
}

// isFinal is isFinal for an attempt of c to connect. If c has a function for tokens, a first 401 is not final: the
// token may have expired on its way, and the next attempt sends a new one.
func (c *Client) isFinal(err error) bool {
	refused := new(DialError)
	if c.options.Token == nil || !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
		return isFinal(err)
	}
	c.unauthorized++
	return c.unauthorized > 1 && isFinal(err)
}
