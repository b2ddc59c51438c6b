package broker

import (
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/internal/transport"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

const (
	// upgradeTimeout is how long writing the answer to an upgrade may take. The http.Server
	// limits how long a client may take to send its request.
	upgradeTimeout = 10 * time.Second
	// retryAfter is the value of the Retry-After header, in seconds.
	retryAfter = "5"
)

func newUpgrader() websocket.Upgrader {
	return websocket.Upgrader{
		HandshakeTimeout: upgradeTimeout,
		ReadBufferSize:   transport.FrameBuffer,
		WriteBufferSize:  transport.FrameBuffer,
		Subprotocols:     []string{wire.Subprotocol},
		CheckOrigin:      func(*http.Request) bool { return true }, // serveWS has checked the origin
		Error: func(w http.ResponseWriter, _ *http.Request, status int, reason error) {
			w.Header().Set("Sec-Websocket-Version", "13")
			http.Error(w, reason.Error(), status)
		},
	}
}

// A refusal is the answer to a request that is not accepted: a status, and one line of help.
type refusal struct {
	status int
	help   string
}

func (f *refusal) answer(w http.ResponseWriter) {
	h := w.Header()
	switch f.status {
	case http.StatusUpgradeRequired:
		h.Set("Connection", "Upgrade")
		h.Set("Upgrade", "websocket")
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Bearer")
		h.Set("Connection", "close") // so that each guess of a token counts as a handshake
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h.Set("Connection", "close")
		h.Set("Retry-After", retryAfter)
	}
	http.Error(w, f.help, f.status)
}

// serveWS starts a session for a proper upgrade request, and refuses everything else. It returns at
// once: the session has its own goroutines, and no longer needs those of the HTTP server.
func (b *Broker) serveWS(w http.ResponseWriter, r *http.Request) {
	who, refused := checkUpgrade(r)
	if refused == nil {
		refused = b.checkOrigin(r)
	}
	if refused == nil && !b.life.accepts(who.inspects) {
		refused = &refusal{http.StatusServiceUnavailable, "the broker stops"}
	}
	if refused == nil && b.member != nil && !b.member.mayAnswer() {
		refused = &refusal{http.StatusServiceUnavailable, "the store of the cluster does not answer"}
	}
	if refused == nil && b.memory.isUsedUp() {
		b.refusals.add(limitMemory)
		refused = &refusal{http.StatusServiceUnavailable, b.memory.whyUsedUp()}
	}
	if refused == nil {
		refused = b.checkPassage(r)
	}
	remote, ambiguous := b.remoteOf(r)
	who.remote, who.kind, who.passedOn = remote, kindOfClient(r, who.messagesOnly), b.isPassedOn(r)
	if refused == nil {
		refused = ambiguous
	}
	address := addressOf(who.remote)
	if refused == nil {
		refused = b.conns.add(address)
	}
	if refused != nil {
		b.refuseUpgrade(w, r, refused)
		return
	}
	if !b.authenticateAndUpgrade(w, r, who, address) {
		b.conns.remove(address)
	}
}

// authenticateAndUpgrade starts a session for a request if it has a credential that is accepted. If
// not, it answers the request and reports false.
func (b *Broker) authenticateAndUpgrade(
	w http.ResponseWriter, r *http.Request, who introduction, address netip.Prefix,
) bool {
	control, subject, refused := b.authenticate(r, &who)
	if refused == nil {
		if who.rights, refused = b.authority.admit(control, subject); refused != nil {
			b.auditAuthentication(&who, &subject, refused)
		}
	}
	if refused != nil {
		b.refuseUpgrade(w, r, refused)
		return false
	}
	if !b.upgrade(w, r, who, address) {
		b.authority.dismiss(who.rights)
		return false
	}
	return true
}

// refuseUpgrade refuses a request for a session. A page of another origin, and a client that is not
// authenticated, have been logged already, with more than they are told.
func (b *Broker) refuseUpgrade(w http.ResponseWriter, r *http.Request, refused *refusal) {
	b.counters.upgrades.add(refused.status)
	if refused.status != http.StatusForbidden && refused.status != http.StatusUnauthorized {
		b.logRefusal(r, refused.status, refused.help)
	}
	if isPageWithoutCredential(r, refused) {
		b.refusePage(w, r, refused)
		return
	}
	refused.answer(w)
}

// logRefusal logs that a request for a session, for the metrics or for the history is refused.
func (b *Broker) logRefusal(r *http.Request, status int, help string, more ...slog.Attr) {
	what := "an upgrade"
	switch {
	case strings.HasSuffix(r.URL.Path, metricsPath):
		what = "a request for the metrics"
	case strings.HasSuffix(r.URL.Path, historyPath):
		what = "a request for the history"
	}
	b.logs.refused.write(printable.LogText("refused "+what+": "+help),
		append([]slog.Attr{slog.Int("status", status), textAttr("remote", r.RemoteAddr)}, more...)...)
}

// upgrade starts a session for a request; the session removes itself from b.conns when it ends.
// upgrade reports false if it starts none. It has then answered or closed the connection.
func (b *Broker) upgrade(w http.ResponseWriter, r *http.Request, who introduction, address netip.Prefix) bool {
	h := &transport.Hijacker{ResponseWriter: w}
	conn, err := b.upgrader.Upgrade(h, plainly(r), nil)
	if err != nil {
		// Upgrade has already answered.
		if errors.As(err, new(websocket.HandshakeError)) { // otherwise the connection has failed
			b.counters.upgrades.add(http.StatusBadRequest)
		}
		b.logRefusal(r, http.StatusBadRequest, err.Error())
		return false
	}
	peer := wire.Peer{Client: who.label, Remote: who.remote}
	if who.rights != nil {
		peer.Identity = who.rights.subject.Name
	}
	session := newReader(b, b.names(), conn, h.Conn, peer, who)
	session.auditAdmitted()
	session.logOpened()
	overTLS := bufferCount{total: &b.memory.buffers}
	if r.TLS != nil {
		overTLS.set(tlsBytes)
	}
	started := b.life.startSession(func() {
		defer b.conns.remove(address)
		defer overTLS.set(0)
		defer session.memory.set(0)
		defer session.net.DropAhead()
		defer b.authority.leave(session.connection)
		session.run(b.over)
	})
	if !started {
		overTLS.set(0)
		_ = conn.Close()
	}
	return started
}

// checkUpgrade returns the client's introduction, or why the request is refused. The upgrader
// checks the rest.
func checkUpgrade(r *http.Request) (who introduction, refused *refusal) {
	if r.Method != http.MethodGet {
		return who, &refusal{http.StatusMethodNotAllowed, "want GET"}
	}
	if !isUpgrade(r.Header) {
		return who, &refusal{http.StatusUpgradeRequired,
			"this is a lock broker: connect with WebSocket, subprotocol " + wire.Subprotocol}
	}
	if r.ContentLength != 0 {
		return who, &refusal{http.StatusBadRequest, "an upgrade has no body"}
	}
	if name := repeated(r.Header); name != "" {
		return who, &refusal{http.StatusBadRequest, "the header " + name + " occurs more than once"}
	}
	if !offersUs(r.Header) {
		return who, &refusal{http.StatusBadRequest, "want the subprotocol " + wire.Subprotocol}
	}
	who, err := readQuery(r.URL.RawQuery)
	if err != nil {
		return who, &refusal{http.StatusBadRequest, err.Error()}
	}
	return who, nil
}
