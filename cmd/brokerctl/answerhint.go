package main

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// proxyHint returns what to do about a proxy from the environment that does not lead to the broker at that address.
func proxyHint(dial *wsclient.DialError, at string) string {
	bypass := "--no-proxy or NO_PROXY=" + cli.Quote(at) + " bypasses it"
	if dial.Status == http.StatusProxyAuthRequired {
		return "write the user and the password into " + dial.ProxyVariable +
			", as http://USER:PASSWORD@HOST:PORT; " + bypass
	}
	return "the proxy comes from " + dial.ProxyVariable + " in the environment: " + bypass
}

// answerHint returns what to do about an answer that did not open a WebSocket.
func (t target) answerHint(dial *wsclient.DialError) string {
	switch {
	case t.hasSeveral(): // it is not known which one
		return checkTarget
	case dial.Location != "":
		return "it has moved: try --url " + cli.Quote(dial.Location)
	case strings.Contains(dial.Error(), "tls: certificate required"):
		return "it wants a client certificate: name it with --cert and --key"
	case certificateAlerts.MatchString(dial.Error()) || t.mayWantCertificate(dial):
		if t.Cert == "" {
			return "it probably wants a client certificate: name it with --cert and --key"
		}
		return "it probably does not accept the certificate in " + cli.Quote(t.Cert) +
			": check --cert and --key"
	case errors.As(dial.Err, new(tls.RecordHeaderError)):
		return t.plainHint()
	case speaksTLS(dial):
		return "it speaks TLS: try --url " + cli.Quote(t.urlWith("wss"))
	case dial.Status == http.StatusNotFound:
		return t.pathHint(dial)
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

// plainHint returns what to do if the other side does not speak TLS.
func (t target) plainHint() string {
	if t.Token != "" || t.TokenFile != "" {
		return "it does not speak TLS, and without TLS anyone on the way can read the token: " +
			"is brokerd configured with --tls-cert, and was it restarted since?"
	}
	return "try --url " + cli.Quote(t.urlWith("ws"))
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

// brokerPath finds the path of a broker in its answer to a request for another path.
var brokerPath = regexp.MustCompile(`^this lock broker serves only what is below (/[-\w.~/]+/),`)

// pathHint returns what to do if there is no broker at the path of the URL.
func (t target) pathHint(dial *wsclient.DialError) string {
	if found := brokerPath.FindStringSubmatch(dial.Said); found != nil {
		scheme := "ws"
		if t.usesTLS() {
			scheme = "wss"
		}
		u := url.URL{Scheme: scheme, Host: t.hostPort(), Path: found[1]}
		return "try --url " + cli.Quote(u.String())
	}
	return "there is no broker at this path. " + checkTarget + " and its path, such as https://HOST/locks/"
}

// mayWantCertificate reports whether the other side has agreed on TLS, and then ended the connection without an
// answer. With TLS 1.3, a server checks the certificate of its client only after that. Its alert can get lost,
// because the client is already sending the request.
func (t target) mayWantCertificate(dial *wsclient.DialError) bool {
	var network net.Error
	ended := errors.Is(dial.Err, io.EOF) || errors.Is(dial.Err, io.ErrUnexpectedEOF) ||
		errors.As(dial.Err, &network)
	return t.usesTLS() && dial.Answered && dial.Status == 0 && ended
}

// certificateAlerts are the alerts with which Go's TLS refuses a client because of its certificate.
var certificateAlerts = regexp.MustCompile(
	`remote error: tls: (bad certificate|unknown certificate authority|expired certificate)`)

// urlWith returns the URL with another scheme, and without the query, which may contain secrets.
func (t target) urlWith(scheme string) string {
	u := url.URL{Scheme: scheme, Host: t.hostPort()}
	if parsed, err := url.Parse(t.URL); err == nil {
		u.Path = parsed.Path
	}
	return u.String()
}
