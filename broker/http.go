package broker

import (
	"io"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// upgradeTimeout is how long writing the answer to an upgrade may take. How
// long a client may take to ask is up to the http.Server: ReadHeaderTimeout.
const upgradeTimeout = 10 * time.Second

// Handler serves /ws, the WebSocket endpoint; /livez, which answers 200 as long
// as the event loop turns; /readyz, which answers 200 while locks are granted, and
// else 503 and why not; and /client.js, the JavaScript client, with its parts and types beside it. Pages of other
// hosts, or ports, may use it and connect where [Config].AllowOrigins says so.
//
// The http.Server should have a ReadHeaderTimeout, 10 s for example. Its
// Shutdown does not wait for WebSocket connections: end Run's context first.
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
	return mux
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

// serveWS refuses what is no proper upgrade, and returns once the connection
// has goroutines of its own: those of the HTTP server are not needed any more.
func (b *Broker) serveWS(w http.ResponseWriter, r *http.Request) {
	label, status, problem := checkUpgrade(r)
	if status == 0 && !b.origins.allow(r) {
		status, problem = http.StatusForbidden, "pages of this origin may not use the broker: it would have to be told to allow that"
		b.logRefused(r)
	}
	if status == 0 && (b.draining.Load() || b.hasStopped()) {
		status, problem = http.StatusServiceUnavailable, "the broker stops"
	}
	if status != 0 {
		if status == http.StatusUpgradeRequired {
			w.Header().Set("Connection", "Upgrade")
			w.Header().Set("Upgrade", "websocket")
		}
		http.Error(w, problem, status)
		return
	}
	h := &hijacker{ResponseWriter: w}
	conn, err := b.upgrader.Upgrade(h, r, nil)
	if err != nil {
		// Upgrade has answered.
		b.config.Logger.Info().Err(err).Str("remote", r.RemoteAddr).Msg("upgrade refused")
		return
	}
	peer := wire.Peer{Client: label, Remote: conn.RemoteAddr().String()}
	s := newSession(b.names(), conn, h.conn, peer, &b.config, b.inbox, b.loop.due, &b.standing)
	s.begin()
	if !b.serve(s) {
		_ = conn.Close()
	}
}

// logRefused tells whoever runs the broker, for the page's author cannot see why.
func (b *Broker) logRefused(r *http.Request) {
	b.config.Logger.Warn().Strs("origin", r.Header["Origin"]).Str("path", r.URL.Path).Str("remote", r.RemoteAddr).
		Msg("a page of another origin was refused: brokerd --allow-origin, or AllowOrigins of the Config, allows it")
}

// checkUpgrade returns the client's label, or the status and the line of help
// that refuse the request. What it lets pass, the upgrader checks further.
func checkUpgrade(r *http.Request) (label string, status int, problem string) {
	if r.Method != http.MethodGet {
		return "", http.StatusMethodNotAllowed, "want GET"
	}
	if !websocket.IsWebSocketUpgrade(r) {
		return "", http.StatusUpgradeRequired, "this is a lock broker: connect with WebSocket, subprotocol " + wire.Subprotocol
	}
	offered := websocket.Subprotocols(r)
	if len(offered) > 0 && !slices.Contains(offered, wire.Subprotocol) {
		return "", http.StatusBadRequest, "the subprotocol spoken here is " + wire.Subprotocol
	}
	label = r.URL.Query().Get("client")
	if len(label) > wire.ClientLabelBytes || !utf8.ValidString(label) {
		return "", http.StatusBadRequest, "client: want at most 256 bytes of UTF-8"
	}
	return label, 0, ""
}
