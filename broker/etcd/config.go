package etcd

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"
)

// DefaultPrefix is the prefix of the keys unless another one is configured.
const DefaultPrefix = "/lockbroker"

// A Config says where etcd is, and how to reach it.
type Config struct {
	// Endpoints are the URLs of etcd's members, such as https://10.0.0.7:2379. At least one is needed. All must
	// have the same scheme, http or https.
	Endpoints []string
	// Prefix begins all keys. Brokers with the same prefix are one cluster. Default [DefaultPrefix].
	Prefix string
	// CAFile is a PEM file with the certificates that etcd's certificate is checked against. Default: those of
	// the system. It is read by Open.
	CAFile string
	// CertFile and KeyFile are PEM files with the certificate and key by which the broker identifies itself.
	// Default: none. They are read again for each connection, so they can be renewed.
	CertFile, KeyFile string
	// KeepAlive is how often an idle connection is checked, and half of it is how long the check may take.
	// Default 6 s. Less than 5 s makes etcd close the connection, unless it is configured otherwise.
	KeepAlive time.Duration
}

const defaultKeepAlive = 6 * time.Second

// withDefaults returns a copy of c with the defaults filled in.
func (c Config) withDefaults() Config {
	c.Prefix = "/" + strings.Trim(cmp.Or(c.Prefix, DefaultPrefix), "/")
	c.KeepAlive = cmp.Or(c.KeepAlive, defaultKeepAlive)
	return c
}

// check returns what is wrong with c, or nil.
func (c Config) check() error {
	if len(c.Endpoints) == 0 {
		return errors.New("no endpoint is given: name the URLs of etcd's members")
	}
	scheme := ""
	for _, endpoint := range c.Endpoints {
		this, err := schemeOf(endpoint)
		if err != nil {
			return err
		}
		if scheme != "" && scheme != this {
			return errors.New("some endpoints are http and others https: all must be the same")
		}
		scheme = this
	}
	switch {
	case scheme == "http" && (c.CAFile != "" || c.CertFile != "" || c.KeyFile != ""):
		return errors.New("the endpoints are http, so certificates would not be used: want https")
	case (c.CertFile == "") != (c.KeyFile == ""):
		return errors.New("a certificate needs a key, and a key needs a certificate")
	case c.KeepAlive < 0:
		return fmt.Errorf("keepalive %v: want more than 0", c.KeepAlive)
	}
	return nil
}

// schemeOf returns whether an endpoint is http or https, or an error if it is not valid.
func schemeOf(endpoint string) (string, error) {
	u, err := url.Parse(endpoint)
	known := err == nil && (u.Scheme == "http" || u.Scheme == "https")
	if !known || u.Port() == "" || strings.Trim(u.Path, "/") != "" {
		return "", fmt.Errorf("endpoint %q: want a URL such as https://10.0.0.7:2379", endpoint)
	}
	return u.Scheme, nil
}

// tls returns the settings of TLS, or nil for endpoints without it.
func (c Config) tls() (*tls.Config, error) {
	if !strings.HasPrefix(c.Endpoints[0], "https:") {
		return nil, nil
	}
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, err
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: no certificate found in PEM form", c.CAFile)
		}
	}
	if c.CertFile != "" {
		load := func() (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
			return &pair, err
		}
		if _, err := load(); err != nil { // say so now, and not at each connection
			return nil, err
		}
		settings.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return load()
		}
	}
	return settings, nil
}
