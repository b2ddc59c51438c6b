package etcdtest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.etcd.io/etcd/server/v3/embed"

	"github.com/lockbroker/lockbroker/broker/etcd"
)

// An authority signs certificates, and writes them to a folder.
type authority struct {
	t      *testing.T
	folder string
	key    *ecdsa.PrivateKey
	cert   *x509.Certificate
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t, folder: t.TempDir()}
	a.key = a.newKey()
	template := a.template("authority")
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.write("ca.pem", "CERTIFICATE", der)
	return a
}

func (a *authority) newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	return key
}

func (a *authority) template(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
}

// issue writes a certificate for 127.0.0.1, and its key.
func (a *authority) issue(name string) (certFile, keyFile string) {
	key, template := a.newKey(), a.template(name)
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.write(name+".pem", "CERTIFICATE", der), a.write(name+"-key.pem", "PRIVATE KEY", private)
}

func (a *authority) write(name, kind string, der []byte) string {
	path := filepath.Join(a.folder, name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatal(err)
	}
	return path
}

func (a *authority) file() string { return filepath.Join(a.folder, "ca.pem") }

// Both sides check each other's certificate. A broker without one, or with one of another authority, is not served.
func TestTLS(t *testing.T) {
	ours, other := newAuthority(t), newAuthority(t)
	member := startTLSMember(t, ours)
	cert, key := ours.issue("broker")
	foreign := etcd.Config{CAFile: ours.file()}
	foreign.CertFile, foreign.KeyFile = other.issue("broker")
	for _, test := range []struct {
		name    string
		config  etcd.Config
		reaches bool
	}{
		{"with a certificate", etcd.Config{CAFile: ours.file(), CertFile: cert, KeyFile: key}, true},
		{"without one", etcd.Config{CAFile: ours.file()}, false},
		{"with a foreign one", foreign, false},
		{"with a foreign authority", etcd.Config{CAFile: other.file(), CertFile: cert, KeyFile: key}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.config.Endpoints = []string{member}
			store, err := etcd.Open(test.config)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = store.Close() }()
			if test.reaches {
				repeat(t, store.Head)
				return
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if _, err := store.Head(ctx); err == nil {
				t.Error("the head was read")
			}
		})
	}
}

// startTLSMember starts etcd with one member that asks for certificates, and returns its URL.
func startTLSMember(t *testing.T, a *authority) string {
	cert, key := a.issue("member")
	m := newMembers(t, 1, func(config *embed.Config) {
		config.ClientTLSInfo = transport.TLSInfo{
			CertFile: cert, KeyFile: key, TrustedCAFile: a.file(), ClientCertAuth: true,
		}
		config.ListenClientUrls[0].Scheme = "https"
	})
	return m.endpoints()[0]
}
