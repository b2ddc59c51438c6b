package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

const (
	checkTarget = "Check --host and --port, or --url"
	tryLater    = "try again later"
)

// dialFailure returns the failure of a command that could not connect, with a hint about what to check.
func (t target) dialFailure(err error) error {
	dial := new(wsclient.DialError)
	errors.As(err, &dial)
	switch {
	case errors.Is(err, wsclient.ErrBadRequest):
		return &cli.Failure{Err: err, Code: cli.ExitUsage}
	case errors.Is(err, wsclient.ErrForbidden):
		return &cli.Failure{Err: err, Hint: t.forbiddenHint(dial), Code: exitForbidden}
	}
	failure := &cli.Failure{Code: cli.ExitUnavailable}
	at := t.hostPort()
	switch {
	case errors.Is(err, context.Canceled):
		failure.Err = fmt.Errorf("a signal came before the broker at %s answered", at)
	case dial.Proxy != "" && (!dial.Connected || dial.FromProxy):
		failure.Err = fmt.Errorf("cannot reach the broker at %s (%w)", at, err)
		failure.Hint = proxyHint(dial, at)
	case !dial.Connected:
		failure.Err = fmt.Errorf("no broker at %s (%w)", at, err)
		failure.Hint = "is brokerd running there? " + checkTarget
	case !dial.Answered && errors.Is(err, context.DeadlineExceeded):
		failure.Err = fmt.Errorf("something listens at %s but does not answer (%w)", at, err)
		failure.Hint = "is that a brokerd? " + checkTarget
	case errors.As(err, new(*tls.CertificateVerificationError)):
		failure.Err = fmt.Errorf("the certificate of %s is not accepted (%w)", at, err)
		failure.Hint = t.certificateHint(err)
	case isOverloaded(dial) && dial.Server == "": // A broker sends no Server header.
		failure.Err = fmt.Errorf("the broker at %s is not accepting connections (%w)", at, err)
		failure.Hint = tryLater
	default:
		failure.Err = fmt.Errorf("something answers at %s, but not as a broker does (%w)", at, err)
		failure.Hint = t.answerHint(dial)
	}
	return failure
}

func isOverloaded(dial *wsclient.DialError) bool {
	return dial.Status == http.StatusServiceUnavailable || dial.Status == http.StatusTooManyRequests
}

// forbiddenHint returns what to do about a refusal of the credentials.
func (t target) forbiddenHint(dial *wsclient.DialError) string {
	header, _ := headerOf(t.Header) // Cannot fail: dialWith has sent it.
	switch {
	case dial.Status != http.StatusUnauthorized:
		return ""
	case t.TokenFile != "":
		return "the token in " + cli.Quote(t.TokenFile) + " is not accepted"
	case t.Token != "":
		return "the token in --token or BROKERCTL_TOKEN is not accepted"
	case header.Get("Authorization") != "":
		return "the credentials in --header or BROKERCTL_HEADER are not accepted"
	}
	return "send a token with --token-file or in BROKERCTL_TOKEN, or a certificate with --cert and --key"
}

// proxyHint returns what to do about a proxy from the environment that does not lead to the broker at that address.
func proxyHint(dial *wsclient.DialError, at string) string {
	bypass := "NO_PROXY=" + cli.Quote(at) + " bypasses it"
	if dial.Status == http.StatusProxyAuthRequired {
		return "write the user and the password into HTTP_PROXY or HTTPS_PROXY, " +
			"as http://USER:PASSWORD@HOST:PORT; " + bypass
	}
	return "the proxy comes from HTTP_PROXY or HTTPS_PROXY in the environment: " + bypass
}

// answerHint returns what to do about an answer that did not open a WebSocket.
func (t target) answerHint(dial *wsclient.DialError) string {
	switch {
	case dial.Location != "":
		return "it has moved: try --url " + cli.Quote(dial.Location)
	case strings.Contains(dial.Error(), "tls: certificate required"):
		return "it wants a client certificate: name it with --cert and --key"
	case errors.As(dial.Err, new(tls.RecordHeaderError)):
		return "try --url " + cli.Quote(t.urlWith("ws"))
	case speaksTLS(dial):
		return "it speaks TLS: try --url " + cli.Quote(t.urlWith("wss"))
	case dial.Status == http.StatusUpgradeRequired:
		return "a proxy in front of the broker does not pass on the Upgrade header; " +
			"configure it to forward WebSocket"
	case dial.Status == http.StatusProxyAuthRequired:
		return "a proxy in front of the broker asks for credentials: send them with --header @FILE or in " +
			"BROKERCTL_HEADER, for example: Proxy-Authorization: Basic CREDENTIALS"
	case dial.Status == http.StatusBadGateway, dial.Status == http.StatusGatewayTimeout:
		return "a proxy answers, but does not reach the broker behind it"
	case isOverloaded(dial):
		return tryLater
	}
	return "is that a brokerd? " + checkTarget
}

// speaksTLS reports whether the other side answered a request without TLS by saying that it wants TLS. Some
// servers send a TLS alert. Web servers send a page; speaksTLS recognizes the pages of Go and nginx.
func speaksTLS(dial *wsclient.DialError) bool {
	if dial.Status == 0 {
		return strings.Contains(dial.Error(), "must begin with wss://")
	}
	return dial.Status == http.StatusBadRequest &&
		(strings.Contains(dial.Said, "HTTPS server") || strings.Contains(dial.Said, "HTTPS port"))
}

// urlWith returns the URL with another scheme, and without the query, which may contain secrets.
func (t target) urlWith(scheme string) string {
	u := url.URL{Scheme: scheme, Host: t.hostPort()}
	if parsed, err := url.Parse(t.URL); err == nil {
		u.Path = parsed.Path
	}
	return u.String()
}

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
