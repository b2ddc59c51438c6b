package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// frontendCommands are the commands of the scripts that start a server in front of the broker.
var frontendCommands = map[string]func(*testscript.TestScript, bool, []string){
	"tlsserver":    tlsServer,
	"reverseproxy": reverseProxy,
	"unixsocket":   unixSocket,
	"credentials":  credentials,
}

// unixsocket starts a proxy to the broker on a Unix socket, at SOCKET.
func unixSocket(ts *testscript.TestScript, _ bool, _ []string) {
	folder, err := os.MkdirTemp("", "lb") // The path of a socket must be short.
	ts.Check(err)
	ts.Defer(func() { _ = os.RemoveAll(folder) })
	server := httptest.NewUnstartedServer(proxyTo(ts, nil))
	_ = server.Listener.Close()
	server.Listener, err = net.Listen("unix", filepath.Join(folder, "s"))
	ts.Check(err)
	server.Start()
	ts.Defer(server.Close)
	ts.Setenv("SOCKET", filepath.Join(folder, "s"))
}

// tlsserver valid|othername|expired|mutual starts a proxy to the broker that speaks TLS, at TLSSERVER. It writes the
// certificate of the authority that has signed its certificate to ca.pem. With mutual, it wants a client certificate,
// and any will do; there is one in ca.pem's folder: client.pem, with its key in client-key.pem.
func tlsServer(ts *testscript.TestScript, _ bool, args []string) {
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	switch args[0] {
	case "othername":
		leaf.IPAddresses, leaf.DNSNames = nil, []string{"locks.example", "broker.example"}
	case "expired":
		leaf.NotBefore = time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
		leaf.NotAfter = time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)
	}
	certificate, authority, err := signed(leaf)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("ca.pem"), authority, 0o600))
	server := httptest.NewUnstartedServer(proxyTo(ts, nil))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	if args[0] == "mutual" {
		server.TLS.ClientAuth = tls.RequireAnyClientCert
		ts.Check(writePair(ts, certificate))
	}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	ts.Defer(server.Close)
	ts.Setenv("TLSSERVER", server.Listener.Addr().String())
}

// writePair writes a certificate and its key.
func writePair(ts *testscript.TestScript, pair tls.Certificate) error {
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		return err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})
	if err := os.WriteFile(ts.MkAbs("client.pem"), text, 0o600); err != nil {
		return err
	}
	text = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	return os.WriteFile(ts.MkAbs("client-key.pem"), text, 0o600)
}

// signed returns a certificate that a new authority has signed, and the certificate of the authority in PEM.
func signed(leaf *x509.Certificate) (tls.Certificate, []byte, error) {
	var none tls.Certificate
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return none, nil, err
	}
	root, err := x509.CreateCertificate(rand.Reader, authority, authority, &authorityKey.PublicKey, authorityKey)
	if err != nil {
		return none, nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return none, nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, authority, &key.PublicKey, authorityKey)
	if err != nil {
		return none, nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, text, nil
}

// reverseproxy noupgrade|STATUS starts a reverse proxy to the broker, at PROXY. With noupgrade it does not pass on the
// Upgrade header. With 401 or 407 it asks for the header "Authorization: Bearer open sesame", or the same
// as Proxy-Authorization.
func reverseProxy(ts *testscript.TestScript, _ bool, args []string) {
	var handler http.Handler
	switch args[0] {
	case "noupgrade":
		handler = proxyTo(ts, func(r *http.Request) { r.Header.Del("Upgrade") })
	case "401":
		handler = guarded(proxyTo(ts, nil), "Authorization", http.StatusUnauthorized)
	case "407":
		handler = guarded(proxyTo(ts, nil), "Proxy-Authorization", http.StatusProxyAuthRequired)
	default:
		ts.Fatalf("unknown proxy %s", args[0])
	}
	server := httptest.NewServer(handler)
	ts.Defer(server.Close)
	ts.Setenv("PROXY", server.Listener.Addr().String())
}

// proxyTo returns a reverse proxy to the broker of the script. It applies change to each request.
func proxyTo(ts *testscript.TestScript, change func(*http.Request)) http.Handler {
	to := &url.URL{Scheme: "http", Host: stageOf(ts).broker.Address()}
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			if change != nil {
				change(r.Out)
			}
		},
		ErrorLog: log.New(io.Discard, "", 0),
	}
}

// guarded returns a handler that refuses requests without the credentials.
func guarded(next http.Handler, field string, status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(field) != "Bearer open sesame" {
			w.Header().Set("Server", "gate")
			w.WriteHeader(status)
			return
		}
		next.ServeHTTP(w, r)
	})
}
