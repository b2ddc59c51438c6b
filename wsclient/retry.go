package wsclient

import (
	"errors"

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
