package access

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// An authority issues certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newAuthority returns an authority that parent vouches for, or that vouches for itself.
func newAuthority(t *testing.T, name string, parent *authority, expires time.Time) *authority {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: expires,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	if parent == nil {
		parent = &authority{template, key}
	}
	return &authority{parent.sign(t, template, key), key}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *authority) sign(t *testing.T, template *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// issue issues a client certificate, after change has changed its template.
func (a *authority) issue(t *testing.T, change func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour).Truncate(time.Second),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	change(template)
	return a.sign(t, template, newKey(t))
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

func uri(t *testing.T, text string) *url.URL {
	t.Helper()
	parsed, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func certificate(chain ...*x509.Certificate) Credential {
	return Credential{TLS: &tls.ConnectionState{PeerCertificates: chain}}
}

func mustCertificates(t *testing.T, name CertificateName, roots *x509.CertPool) *Certificates {
	t.Helper()
	c, err := NewCertificates(name, roots)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCertificates(t *testing.T) {
	root := newAuthority(t, "root", nil, time.Now().Add(24*time.Hour))
	cert := root.issue(t, func(c *x509.Certificate) {
		c.URIs = []*url.URL{uri(t, "spiffe://example/billing")}
		c.DNSNames = []string{"billing.example"}
		c.Subject = pkix.Name{CommonName: "billing", OrganizationalUnit: []string{"services", "payments"}}
	})
	for kind, want := range map[CertificateName]string{
		URIName: "spiffe://example/billing", DNSName: "billing.example", CommonName: "billing",
	} {
		got, err := mustCertificates(t, kind, root.pool()).Authenticate(context.Background(), certificate(cert))
		groups := slices.Sorted(slices.Values(got.Groups)) // in a certificate they are a set
		if err != nil || got.Name != want || !slices.Equal(groups, []string{"payments", "services"}) {
			t.Errorf("%s: got %v, %v", kind, got.Identity, err)
		}
		if !got.Expires.Equal(cert.NotAfter) || got.Method != MethodCertificate || len(got.Key) != 64 {
			t.Errorf("%s: it expires %v, and is %s %s", kind, got.Expires, got.Method, got.Key)
		}
	}
	for name, from := range map[string]Credential{
		"no TLS": {}, "no certificate": certificate(), "a token": {Token: "x"},
	} {
		_, err := mustCertificates(t, URIName, root.pool()).Authenticate(context.Background(), from)
		if !errors.Is(err, ErrNotMine) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewCertificates("email", root.pool()); err == nil {
		t.Error("an unknown kind of name is accepted")
	}
	if _, err := NewCertificates(URIName, nil); err == nil {
		t.Error("no authorities are accepted, which would mean those of the system")
	}
}

// The identity expires with the first certificate of the chain that does.
func TestCertificateOfIntermediateAuthority(t *testing.T) {
	root := newAuthority(t, "root", nil, time.Now().Add(24*time.Hour))
	soon := time.Now().Add(time.Minute).Truncate(time.Second)
	between := newAuthority(t, "between", root, soon)
	cert := between.issue(t, func(c *x509.Certificate) { c.Subject.CommonName = "billing" })
	c := mustCertificates(t, CommonName, root.pool())
	got, err := c.Authenticate(context.Background(), certificate(cert, between.cert))
	if err != nil || !got.Expires.Equal(soon) {
		t.Errorf("got %v, %v, want expiry at %v", got, err, soon)
	}
	if _, err := c.Authenticate(context.Background(), certificate(cert)); err == nil {
		t.Error("accepted without the certificate between")
	}
	// Only the first certificate is proven to be the client's: TLS checks that the client has its key.
	if got, _ := c.Authenticate(context.Background(), certificate(between.cert, cert)); got.Name == "billing" {
		t.Error("took the name of a certificate that is not the client's")
	}
}

func TestCertificatesRefused(t *testing.T) {
	root := newAuthority(t, "root", nil, time.Now().Add(24*time.Hour))
	other := newAuthority(t, "root", nil, time.Now().Add(24*time.Hour))
	for want, try := range map[string]struct {
		by     *authority
		kind   CertificateName
		change func(*x509.Certificate)
	}{
		"unknown authority": {other, CommonName, func(*x509.Certificate) {}},
		"expired": {root, CommonName, func(c *x509.Certificate) {
			c.NotAfter = time.Now().Add(-time.Second)
		}},
		"not yet valid": {root, CommonName, func(c *x509.Certificate) {
			c.NotBefore = time.Now().Add(time.Minute)
		}},
		"incompatible key usage": {root, CommonName, func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		}},
		`it has 2 names of the kind "uri"`: {root, URIName, func(c *x509.Certificate) {
			c.URIs = []*url.URL{uri(t, "spiffe://example/a"), uri(t, "spiffe://example/b")}
		}},
		`it has 0 names of the kind "uri"`: {root, URIName, func(*x509.Certificate) {}},
		`it has 2 names of the kind "dns"`: {root, DNSName, func(c *x509.Certificate) {
			c.DNSNames = []string{"a.example", "b.example"}
		}},
		"the identity is empty": {root, CommonName, func(c *x509.Certificate) { c.Subject.CommonName = "" }},
		"cannot be printed": {root, CommonName, func(c *x509.Certificate) {
			c.Subject.CommonName = "a\nb"
		}},
		"a group has characters that cannot be printed": {root, CommonName, func(c *x509.Certificate) {
			c.Subject.OrganizationalUnit = []string{"ops\r"}
		}},
	} {
		cert := try.by.issue(t, func(c *x509.Certificate) {
			c.Subject.CommonName = "billing"
			try.change(c)
		})
		c := mustCertificates(t, try.kind, root.pool())
		got, err := c.Authenticate(context.Background(), certificate(cert))
		if err == nil || errors.Is(err, ErrNotMine) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v", want, got.Identity, err)
		}
	}
}

func TestCertificatesRecheck(t *testing.T) {
	root := newAuthority(t, "root", nil, time.Now().Add(24*time.Hour))
	other := newAuthority(t, "other", nil, time.Now().Add(24*time.Hour))
	cert := root.issue(t, func(c *x509.Certificate) {
		c.Subject.CommonName, c.DNSNames = "billing", []string{"billing.example"}
	})
	before := mustCertificates(t, CommonName, root.pool())
	s, err := before.Authenticate(context.Background(), certificate(cert))
	if err != nil {
		t.Fatal(err)
	}
	both := root.pool()
	both.AddCert(other.cert)
	if got, ok := mustCertificates(t, CommonName, both).Recheck(s); !ok || got.Name != "billing" {
		t.Errorf("with a further authority: %v, %t", got, ok)
	}
	for name, after := range map[string]*Certificates{
		"the authority is gone": mustCertificates(t, CommonName, other.pool()),
		"another kind of name":  mustCertificates(t, DNSName, root.pool()),
	} {
		if got, ok := after.Recheck(s); ok || got.Name != "" {
			t.Errorf("%s: got %v, %t", name, got, ok)
		}
	}
	if _, ok := before.Recheck(Subject{Identity: s.Identity, Method: MethodCertificate}); ok {
		t.Error("accepted without a certificate")
	}
}
