package certs

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/textfile"
)

// Files names the files, which are in PEM.
type Files struct {
	Cert, Key string
	ClientCA  string // the authorities of clients; "": clients are not asked for certificates
	Optional  bool   // a client may have no certificate
}

// Contents is what the files contain. It has a secret, the key.
type Contents struct{ cert, key, clientCA []byte }

// Read reads all files. The error names the file.
func (f Files) Read() (*Contents, error) {
	var c Contents
	var err error
	if c.cert, err = textfile.Read(f.Cert); err != nil {
		return nil, err
	}
	if c.key, err = textfile.Read(f.Key); err != nil {
		return nil, err
	}
	if f.ClientCA != "" {
		if c.clientCA, err = textfile.Read(f.ClientCA); err != nil {
			return nil, err
		}
	}
	return &c, nil
}

// A Sum tells contents apart. It is not a secret.
type Sum [sha256.Size]byte

// Sum returns the Sum of the contents.
func (c *Contents) Sum() Sum {
	var all []byte
	for _, text := range [][]byte{c.cert, c.key, c.clientCA} {
		sum := sha256.Sum256(text)
		all = append(all, sum[:]...)
	}
	return sha256.Sum256(all)
}

// A Server is the configuration of a TLS server.
type Server struct {
	Config      *tls.Config
	Authorities *x509.CertPool // of the clients; nil: none
	Expires     time.Time      // when the certificate expires
	Sum         Sum            // of the contents
}

// Server makes the configuration from the contents of the files. Its errors name the file.
func (f Files) Server(c *Contents) (*Server, error) {
	pair, err := tls.X509KeyPair(c.cert, c.key)
	if err != nil {
		return nil, fmt.Errorf("%s with the key %s: %w", f.Cert, f.Key, err)
	}
	server := &Server{Expires: pair.Leaf.NotAfter, Sum: c.Sum(), Config: &tls.Config{
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"http/1.1"}, // HTTP/2 has no WebSocket upgrade
		Certificates: []tls.Certificate{pair},
	}}
	if f.ClientCA == "" {
		return server, nil
	}
	if server.Authorities, err = parseAuthorities(c.clientCA); err != nil {
		return nil, fmt.Errorf("%s: %w", f.ClientCA, err)
	}
	server.Config.ClientCAs = server.Authorities
	server.Config.ClientAuth = tls.RequireAndVerifyClientCert
	if f.Optional {
		server.Config.ClientAuth = tls.VerifyClientCertIfGiven
	}
	// A resumed session would have a certificate that was verified with earlier authorities.
	server.Config.SessionTicketsDisabled = true
	return server, nil
}

// Accepts returns an error if a connection has a certificate that the authorities do not vouch for now. The handshake
// has verified it too, but perhaps with earlier authorities, and an HTTP connection may be kept for long after it.
func (s *Server) Accepts(state *tls.ConnectionState) error {
	if s.Authorities == nil {
		return nil
	}
	chain := state.PeerCertificates
	if len(chain) == 0 {
		if s.Config.ClientAuth == tls.VerifyClientCertIfGiven {
			return nil
		}
		return errors.New("no client certificate")
	}
	between := x509.NewCertPool()
	for _, cert := range chain[1:] {
		between.AddCert(cert)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: s.Authorities, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return err
}

var pemBegin = []byte("-----BEGIN ")

// parseAuthorities reads certificates. It refuses a file with anything that it would have to leave out, except
// text between the certificates.
func parseAuthorities(text []byte) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	count := bytes.Count(text, pemBegin) // pem.Decode skips damaged blocks, and so reads fewer
	for number := 1; ; number++ {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		if text = rest; block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("block %d: want a certificate", number)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("block %d: %w", number, err)
		}
		pool.AddCert(cert)
		count--
	}
	switch {
	case count != 0:
		return nil, errors.New("want certificates in PEM: a block is damaged")
	case pool.Equal(x509.NewCertPool()):
		return nil, errors.New("want at least one certificate in PEM")
	}
	return pool, nil
}

// Listening returns the configuration for a listener. For each handshake, it calls current, and uses what that
// returns.
func Listening(current func() *Server) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return current().Config, nil
		},
	}
}
