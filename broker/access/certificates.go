package access

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// MethodCertificate is the [Subject].Method of client certificates.
const MethodCertificate = "certificate"

// A CertificateName says which name of a certificate is the identity.
type CertificateName string

// The names.
const (
	URIName    CertificateName = "uri" // the URI of the subject alternative names, such as spiffe://example/billing
	DNSName    CertificateName = "dns" // the DNS name of the subject alternative names
	CommonName CertificateName = "cn"  // the common name of the subject
)

// Certificates accepts the client certificates of TLS connections. The organizational units of a
// certificate's subject are the groups. So an authority that lets its customers choose these lets them
// choose their groups.
type Certificates struct {
	name  CertificateName
	roots *x509.CertPool
}

// NewCertificates returns an authenticator for the certificates that roots vouch for.
func NewCertificates(name CertificateName, roots *x509.CertPool) (*Certificates, error) {
	switch {
	case name != URIName && name != DNSName && name != CommonName:
		return nil, fmt.Errorf("unknown name of a certificate: %.40q: want uri, dns or cn", name)
	case roots == nil:
		return nil, errors.New("want the certificates of the authorities")
	}
	return &Certificates{name, roots}, nil
}

// Method returns [MethodCertificate].
func (c *Certificates) Method() string { return MethodCertificate }

// Authenticate returns whose certificate the connection has. It verifies the certificate itself, even
// if the TLS server has done so, because the two may know different authorities.
func (c *Certificates) Authenticate(_ context.Context, from Credential) (Subject, error) {
	if from.TLS == nil || len(from.TLS.PeerCertificates) == 0 {
		return Subject{}, ErrNotMine
	}
	return c.verify(from.TLS.PeerCertificates)
}

// verify returns the subject of a chain of certificates, whose first is the client's.
func (c *Certificates) verify(chain []*x509.Certificate) (Subject, error) {
	between := x509.NewCertPool()
	for _, cert := range chain[1:] {
		between.AddCert(cert)
	}
	leaf := chain[0]
	verified, err := leaf.Verify(x509.VerifyOptions{
		Roots: c.roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return Subject{}, fmt.Errorf("the client certificate: %w", err)
	}
	name, err := c.nameOf(leaf)
	if err != nil {
		return Subject{}, fmt.Errorf("the client certificate: %w", err)
	}
	s := Subject{
		Identity: Identity{Name: name, Groups: leaf.Subject.OrganizationalUnit},
		Expires:  expiryOf(verified), Method: MethodCertificate, Key: fingerprint(leaf), Proof: chain,
	}
	if err := s.Check(); err != nil {
		return Subject{}, fmt.Errorf("the client certificate: %w", err)
	}
	return s, nil
}

// nameOf returns the identity in a certificate. A certificate with several such names could be
// meant for any of them.
func (c *Certificates) nameOf(cert *x509.Certificate) (string, error) {
	var names []string
	switch c.name {
	case URIName:
		for _, uri := range cert.URIs {
			names = append(names, uri.String())
		}
	case DNSName:
		names = cert.DNSNames
	case CommonName:
		names = append(names, cert.Subject.CommonName)
	}
	if len(names) != 1 {
		return "", fmt.Errorf("it has %d names of the kind %q: want one", len(names), c.name)
	}
	return names[0], nil
}

// fingerprint returns the SHA-256 of a certificate.
func fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return hex.EncodeToString(sum[:])
}

// expiryOf returns the time at which the last of some chains expires.
func expiryOf(chains [][]*x509.Certificate) time.Time {
	var latest time.Time
	for _, chain := range chains {
		expires := chain[0].NotAfter
		for _, cert := range chain[1:] {
			if cert.NotAfter.Before(expires) {
				expires = cert.NotAfter
			}
		}
		if expires.After(latest) {
			latest = expires
		}
	}
	return latest
}

// Recheck verifies the certificate again.
func (c *Certificates) Recheck(s Subject) (Subject, bool) {
	chain, ok := s.Proof.([]*x509.Certificate)
	if !ok || len(chain) == 0 {
		return Subject{}, false
	}
	again, err := c.verify(chain)
	if err != nil || again.Name != s.Name {
		return Subject{}, false
	}
	return again, true
}
