//go:build unix

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// An authority issues certificates for a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newTestKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newTestAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{key: newTestKey(t)}
	a.cert = a.sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign,
	}, nil, a.key)
	return a
}

func (a *authority) sign(t *testing.T, template, parent *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = serial
	template.NotBefore = time.Now().Add(-time.Hour)
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(time.Hour)
	}
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// A testPair is a certificate and its key, in PEM.
type testPair struct {
	cert      *x509.Certificate
	text, key []byte
}

// issue issues a certificate for a broker on the loopback interface, and for a client with this URI.
func (a *authority) issue(t *testing.T, uri string) testPair {
	t.Helper()
	return a.issueUntil(t, uri, time.Time{})
}

// issueUntil issues a certificate that expires at that time. The zero time is in an hour.
func (a *authority) issueUntil(t *testing.T, uri string, expires time.Time) testPair {
	t.Helper()
	name, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	key := newTestKey(t)
	cert := a.sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "pair"}, NotAfter: expires,
		URIs: []*url.URL{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.cert, key)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return testPair{
		cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
	}
}

func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// trusting returns the TLS configuration of a client that trusts the authority. pair may be nil.
func (a *authority) trusting(t *testing.T, pair *testPair) *tls.Config {
	t.Helper()
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	config.RootCAs.AddCert(a.cert)
	if pair != nil {
		own, err := tls.X509KeyPair(pair.text, pair.key)
		if err != nil {
			t.Fatal(err)
		}
		// Send it even if the broker does not name its authority.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return &own, nil
		}
	}
	return config
}

func (a *authority) dialer(t *testing.T, pair *testPair) *websocket.Dialer {
	t.Helper()
	return &websocket.Dialer{TLSClientConfig: a.trusting(t, pair)}
}

// write writes a file as some tools do: under another name first. It returns the path.
func write(t *testing.T, directory, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(directory, name)
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	return path
}

// write writes a pair, and returns the flags that name it.
func (p testPair) write(t *testing.T, directory string) []string {
	t.Helper()
	return []string{
		"--tls-key=" + write(t, directory, "key.pem", p.key),
		"--tls-cert=" + write(t, directory, "cert.pem", p.text),
	}
}
