package main

import (
	"errors"
	"fmt"

	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/certs"
)

// tlsFlags are the flags of TLS.
type tlsFlags struct {
	TLSCert       string `name:"tls-cert" env:"BROKERD_TLS_CERT" placeholder:"FILE" help:"Use TLS on TCP addresses, with this certificate: PEM, the broker's own first, then the intermediate ones. brokerd reads the files of TLS again when they change, and uses them for new connections. Needs --tls-key."`
	TLSKey        string `name:"tls-key" env:"BROKERD_TLS_KEY" placeholder:"FILE" help:"The private key of --tls-cert, in PEM."`
	TLSClientCA   string `name:"tls-client-ca" env:"BROKERD_TLS_CLIENT_CA" placeholder:"FILE" help:"Ask clients for certificates, and accept those of these authorities (PEM). Needs --tls-cert."`
	TLSClientAuth string `name:"tls-client-auth" env:"BROKERD_TLS_CLIENT_AUTH" placeholder:"optional|required" help:"Whether every client on a TCP address must have a certificate. Default: required, if --tls-client-ca is given."`
}

// validateTLS refuses flags without those that they need.
func (f *flags) validateTLS() error {
	switch {
	case f.TLSCert != "" && f.TLSKey == "":
		return errors.New("--tls-cert needs --tls-key")
	case f.TLSCert == "" && f.TLSKey != "":
		return errors.New("--tls-key needs --tls-cert")
	case f.TLSClientCA != "" && f.TLSCert == "":
		return errors.New("--tls-client-ca needs --tls-cert and --tls-key")
	case f.TLSClientAuth != "" && f.TLSClientCA == "":
		return errors.New("--tls-client-auth needs --tls-client-ca")
	}
	switch f.TLSClientAuth {
	case "", "optional", "required":
		return nil
	}
	return fmt.Errorf("--tls-client-auth is %.40q: want optional or required", f.TLSClientAuth)
}

func (f *flags) usesTLS() bool { return f.TLSCert != "" }

// needsCertificates reports whether each client on a TCP address must have a certificate.
func (f *flags) needsCertificates() bool { return f.TLSClientCA != "" && f.TLSClientAuth != "optional" }

func (f *flags) tlsFiles() certs.Files {
	return certs.Files{
		Cert: f.TLSCert, Key: f.TLSKey, ClientCA: f.TLSClientCA, Optional: f.TLSClientAuth == "optional",
	}
}
