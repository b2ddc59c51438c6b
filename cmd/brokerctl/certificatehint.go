package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// certificateHint returns what to do about a certificate that is not accepted.
func (t target) certificateHint(err error) string {
	var wrongName x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, new(x509.UnknownAuthorityError)) && t.CA != "":
		return "no authority in " + cli.Quote(t.CA) + " has signed it; check --ca or BROKERCTL_CA"
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return "this machine does not know the authority that signed it: " +
			"name the PEM file of the authority with --ca"
	case errors.As(err, &wrongName):
		return certificateNames(wrongName.Certificate)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("it is valid from %s to %s: renew it, or check the clock of this machine",
			invalid.Cert.NotBefore.UTC().Format(http.TimeFormat),
			invalid.Cert.NotAfter.UTC().Format(http.TimeFormat))
	}
	return checkTarget
}

// certificateNames says which names to use for the server of a certificate.
func certificateNames(certificate *x509.Certificate) string {
	names := certificate.DNSNames
	for _, ip := range certificate.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "the certificate names no host: it needs a subject alternative name"
	}
	const most = 5
	text := "the certificate is for " + strings.Join(names[:min(len(names), most)], ", ")
	if len(names) > most {
		text += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return text + ": use such a name in --url"
}
