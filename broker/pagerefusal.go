package broker

import (
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/internal/transport"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// isPageWithoutCredential reports whether a page sends a request that is refused for want of a valid
// credential. Only pages send an Origin header.
func isPageWithoutCredential(r *http.Request, refused *refusal) bool {
	return refused.status == http.StatusUnauthorized && len(r.Header["Origin"]) > 0
}

// refusePage tells a page why it is refused. Browsers hide the status of a refused upgrade from pages. So
// the broker accepts the upgrade, and then closes the connection. The page has no session.
func (b *Broker) refusePage(w http.ResponseWriter, r *http.Request, refused *refusal) {
	h := &transport.Hijacker{ResponseWriter: w}
	conn, err := b.upgrader.Upgrade(h, plainly(r), nil)
	if err != nil {
		return // Upgrade has already answered
	}
	reason := websocket.FormatCloseMessage(wire.CloseExpired, refused.help)
	// The connection ends whether this succeeds or not.
	_ = conn.WriteControl(websocket.CloseMessage, reason, time.Now().Add(upgradeTimeout))
	_ = conn.Close()
}
