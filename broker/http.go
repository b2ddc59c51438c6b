package broker

import (
	"io"
	"net/http"
	"net/netip"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

const (
	// upgradeTimeout is how long writing the answer to an upgrade may take. How
	// long a client may take to ask is up to the http.Server.
	upgradeTimeout = 10 * time.Second
	// retryAfter is for the header of that name, in seconds.
	retryAfter = "5"
)

// Handler serves /ws, the WebSocket endpoint; /livez, which answers 200 as long
// as the event loop turns; /readyz, which answers 200 while locks are granted, and
// else 503 and why not; and /client.js, the JavaScript client as one module, with the parts that
// it is made of and its types beside it, compressed for who can read that. Pages of other
// hosts, or ports, may use it and connect where [Config].AllowOrigins says so.
//
// [Broker.Server] returns an http.Server for it. Where another is used, it needs
// the timeouts and the MaxHeaderBytes of that one.
func (b *Broker) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/ws", b.serveWS)
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		if !b.loop.watchdog.isWell() {
			http.Error(w, "the event loop is stuck", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ok\n")
	})
	mux.HandleFunc("GET /readyz", b.serveReady)
	b.serveClient(mux)
	return withoutBody(mux)
}

// withoutBody answers requests that announce a body without waiting for it. Left alone,
// net/http would try to read an unread body, to use the connection again.
func withoutBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			w.Header().Set("Connection", "close")
			_ = http.NewResponseController(w).SetReadDeadline(time.Now())
		}
		next.ServeHTTP(w, r)
	})
}

func newUpgrader() websocket.Upgrader {
	return websocket.Upgrader{
		HandshakeTimeout: upgradeTimeout,
		ReadBufferSize:   frameBuffer,
		WriteBufferSize:  frameBuffer,
		Subprotocols:     []string{wire.Subprotocol},
		CheckOrigin:      func(*http.Request) bool { return true }, // serveWS has
		Error: func(w http.ResponseWriter, _ *http.Request, status int, reason error) {
			w.Header().Set("Sec-Websocket-Version", "13")
			http.Error(w, reason.Error(), status)
		},
	}
}

// A refusal is the answer to an upgrade that is not accepted: a status, and one line of help.
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
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h.Set("Connection", "close")
		h.Set("Retry-After", retryAfter)
	}
	http.Error(w, f.help, f.status)
}

// serveWS refuses what is no proper upgrade, and returns once the connection
// has goroutines of its own: those of the HTTP server are not needed any more.
func (b *Broker) serveWS(w http.ResponseWriter, r *http.Request) {
	who, refused := checkUpgrade(r)
	if refused == nil {
		refused = b.checkOrigin(r)
	}
	if refused == nil && (b.draining.Load() || b.hasStopped()) {
		refused = &refusal{http.StatusServiceUnavailable, "the broker stops"}
	}
	if refused != nil {
		refused.answer(w)
		return
	}
	address := addressOf(r.RemoteAddr)
	if full := b.door.enter(address); full != nil {
		b.lines.refused.line().Int("status", full.status).Str("remote", printable.LogText(r.RemoteAddr)).Msg(full.help)
		full.answer(w)
		return
	}
	if !b.upgrade(w, r, who, address) {
		b.door.leave(address)
	}
}

// upgrade makes a session of a request, or answers why not and returns false. The
// session leaves the door at its end.
func (b *Broker) upgrade(w http.ResponseWriter, r *http.Request, who introduction, address netip.Prefix) bool {
	h := &hijacker{ResponseWriter: w}
	conn, err := b.upgrader.Upgrade(h, plainly(r), nil)
	if err != nil {
		// Upgrade has answered.
		b.lines.refused.line().Str("error", printable.LogText(err.Error())).Str("remote", printable.LogText(r.RemoteAddr)).
			Msg("upgrade refused")
		return false
	}
	peer := wire.Peer{Client: who.label, Remote: conn.RemoteAddr().String()}
	h.conn.byMessage = who.byMessage
	s := newSession(b, b.names(), conn, h.conn, peer)
	s.begin()
	if !b.serve(s, address) {
		_ = conn.Close()
		return false
	}
	return true
}

// checkUpgrade returns what the client says about itself, or the refusal of the request. What
// it lets pass, the upgrader checks further.
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
		return who, &refusal{http.StatusBadRequest, "the header " + name + " is there more than once"}
	}
	if !offersUs(r.Header) {
		return who, &refusal{http.StatusBadRequest, "the subprotocol spoken here is " + wire.Subprotocol}
	}
	who, err := readQuery(r.URL.RawQuery)
	if err != nil {
		return who, &refusal{http.StatusBadRequest, err.Error()}
	}
	return who, nil
}

// checkOrigin refuses requests of pages that may not use the broker.
func (b *Broker) checkOrigin(r *http.Request) *refusal {
	switch b.origins.judge(r) {
	case originAllowed:
		return nil
	case originMalformed:
		b.logOrigin(r, "refused a request whose Origin header is not an origin")
		return &refusal{http.StatusForbidden, "the Origin header is not an origin"}
	case originOtherHost:
		b.logOrigin(r, "refused a page whose host is not known to be a name of the broker: "+
			"brokerd --allowed-host, or AllowedHosts of the Config, allows it")
		return &refusal{http.StatusForbidden,
			"pages of this origin may not use the broker: this host is not known to be a name of it"}
	}
	b.logOrigin(r, "refused a page of another origin: brokerd --allow-origin, or AllowOrigins of the Config, allows it")
	return &refusal{http.StatusForbidden, "pages of this origin may not use the broker, unless it is told to allow that"}
}

// logOrigin tells whoever runs the broker, for the page's author cannot see why.
func (b *Broker) logOrigin(r *http.Request, message string) {
	b.lines.origin.line().Str("origin", printable.LogText(r.Header.Get("Origin"))).Str("host", printable.LogText(r.Host)).
		Str("path", printable.LogText(r.URL.Path)).Str("remote", printable.LogText(r.RemoteAddr)).Msg(message)
}
