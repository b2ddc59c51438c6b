package errortexts

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// Places starts brokers, for pages of that origin, and servers that are no brokers. It returns their URLs by the names
// that texts.js uses.
func Places(t *testing.T, origin string) map[string]string {
	t.Helper()
	broken := httptest.NewTLSServer(http.NotFoundHandler())
	broken.Config.ErrorLog = nil
	t.Cleanup(broken.Close)
	ours := broker.Config{Limits: limits(), AllowOrigins: origins(origin)}
	places := map[string]string{
		"broker":                      listen(t, ours),
		"silent":                      serve(t, accept(func(*websocket.Conn) {})),
		"connect: nothing listens":    "ws://" + closedAddress(t),
		"connect: 401":                serve(t, status(http.StatusUnauthorized)),
		"connect: 503":                serve(t, status(http.StatusServiceUnavailable)),
		"connect: no trust in TLS":    "wss" + strings.TrimPrefix(broken.URL, "https"),
		"connect: closed at once":     serve(t, accept(func(ws *websocket.Conn) { _ = ws.Close() })),
		"connect: closed with a code": serve(t, accept(closeWithReason)),
		"connect: not a broker":       serve(t, accept(greet)),
	}
	addNetwork(t, places, origin)
	addStopping(t, places, origin)
	return places
}

func limits() wire.Limits {
	l := wire.DefaultLimits()
	l.Requests = 3
	return l
}

func origins(origin string) []string {
	if origin == "" {
		return nil
	}
	return []string{origin}
}

// listen starts a broker, and returns its URL.
func listen(t *testing.T, config broker.Config) string {
	t.Helper()
	at, stop, err := brokertest.Listen(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return at
}

// addNetwork adds a broker behind a network, and what freezes and cuts that network.
func addNetwork(t *testing.T, places map[string]string, origin string) {
	t.Helper()
	direct := listen(t, broker.Config{Timeout: 3 * time.Second, AllowOrigins: origins(origin)})
	to, err := url.Parse("http" + strings.TrimPrefix(direct, "ws"))
	if err != nil {
		t.Fatal(err)
	}
	network := brokertest.NewLink(new(net.Dialer).DialContext)
	transport := &http.Transport{DialContext: network.Dial}
	places["network"] = serve(t, &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: transport,
	})
	t.Cleanup(func() { // before the proxy is closed
		network.Thaw()
		network.Cut()
		transport.CloseIdleConnections()
	})
	places["freeze"] = control(t, network.Freeze)
	places["cut"] = control(t, network.Cut)
}

// addStopping adds a broker, and what stops it.
func addStopping(t *testing.T, places map[string]string, origin string) {
	t.Helper()
	at, stop, err := brokertest.Listen(broker.Config{Drain: broker.None, AllowOrigins: origins(origin)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	places["stopping"], places["stop"] = at, control(t, func() { go stop() })
}

// control returns the URL of a server that calls f.
func control(t *testing.T, f func()) string {
	t.Helper()
	at := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { f() }))
	return "http" + strings.TrimPrefix(at, "ws")
}

func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http")
}

func status(code int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", code) })
}

// accept upgrades, calls f, and reads until the connection ends.
func accept(f func(*websocket.Conn)) http.Handler {
	upgrader := websocket.Upgrader{
		Subprotocols: []string{wire.Subprotocol},
		CheckOrigin:  func(*http.Request) bool { return true },
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = ws.Close() }()
		f(ws)
		for err == nil {
			_, _, err = ws.ReadMessage()
		}
	})
}

func closeWithReason(ws *websocket.Conn) {
	message := websocket.FormatCloseMessage(websocket.ClosePolicyViolation, "go away")
	_ = ws.WriteControl(websocket.CloseMessage, message, time.Time{})
}

func greet(ws *websocket.Conn) { _ = ws.WriteMessage(websocket.TextMessage, []byte("welcome")) }

// closedAddress returns an address at which nothing listens.
func closedAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return at
}
