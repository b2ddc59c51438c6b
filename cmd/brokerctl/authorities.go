package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// tlsTrusting returns a TLS configuration that trusts only the certificate authorities in a PEM file. For "" it returns
// nil, which trusts the authorities of the system.
func tlsTrusting(file string) (*tls.Config, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--ca: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("--ca: there is no certificate in %s; want a PEM file", cli.Quote(file))
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}
