package wsclient

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// An attempt is one try to connect. It has what diagnose needs if the try fails.
type attempt struct {
	target   *url.URL
	header   http.Header    // that was sent
	proxy    *url.URL       // nil: none
	variable string         // the environment variable that names the proxy, or ""
	link     *link          // its greeting is nil if there was no connection
	response *http.Response // to a handshake that was refused, or nil
	opened   bool           // the handshake succeeded, so what is missing is the hello
}

// findProxy chooses the proxy for the library. Its errors do not quote the environment, which may have a password in
// it.
func (a *attempt) findProxy(r *http.Request) (*url.URL, error) {
	proxy, err := http.ProxyFromEnvironment(r)
	if err == nil && proxy == nil {
		return nil, nil
	}
	a.variable = proxyVariable(a.target)
	if err != nil || proxy.Host == "" {
		return nil, errors.New("it is not a URL")
	}
	a.proxy = proxy
	if proxy.Scheme != "http" && proxy.Scheme != "socks5" {
		return nil, errors.New("want a URL that begins with http:// or socks5://")
	}
	return proxy, nil
}

// proxyVariable returns the environment variable that names the proxy for a URL.
func proxyVariable(target *url.URL) string {
	name := "HTTP_PROXY"
	if target.Scheme == "wss" {
		name = "HTTPS_PROXY"
	}
	if os.Getenv(name) == "" { // net/http then reads the variable in lower case
		name = strings.ToLower(name)
	}
	return name
}

// diagnose returns what is known about the attempt, which has failed with err.
func (a *attempt) diagnose(err error) *DialError {
	e := &DialError{Proxy: a.variable, ProxyVariable: a.variable, Err: err}
	if a.proxy != nil {
		e.Proxy, e.proxyScheme = a.proxy.Host, a.proxy.Scheme
	}
	if a.link.greeting == nil {
		return e
	}
	heard := a.link.greeting.heard
	e.Connected, e.Answered = true, a.opened || len(heard) > 0
	switch {
	case a.opened && errors.Is(err, context.DeadlineExceeded):
		e.Err = fmt.Errorf("no hello: %w", err)
	case a.opened:
	case a.response != nil:
		a.describe(e, a.response)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
	case !e.Answered:
		e.Err = fmt.Errorf("the connection was closed without an answer: %w", err)
	case a.proxy != nil && a.proxy.Scheme == "http" && !isTunnel(heard):
		// Not for a SOCKS proxy: the error of the library says what it has answered.
		e.FromProxy = true
		a.recognize(e, heard)
	case a.proxy == nil:
		a.recognize(e, heard)
	}
	return e
}

// recognize finds out from the first bytes what has answered.
func (a *attempt) recognize(e *DialError, heard []byte) {
	isHTTP := bytes.HasPrefix(heard, []byte("HTTP/"))
	switch {
	case a.link.greeting.left == 0:
		e.Err = errEndless // some errors of the library quote all of the answer
	case errors.As(e.Err, new(tls.RecordHeaderError)):
		e.Err = fmt.Errorf("it does not speak TLS: the URL must begin with ws:// (%w)", e.Err)
		e.Said = a.firstLine(heard)
	case a.target.Scheme == "wss" && !e.FromProxy: // err says what is wrong with its TLS, such as the certificate
	case bytes.HasPrefix(heard, []byte{21, 3}): // an alert of TLS (RFC 8446, 5.1)
		e.Err = errors.New("it speaks TLS: the URL must begin with wss://")
	case !isHTTP:
		e.Err = errors.New("it does not speak HTTP")
		e.Said = a.firstLine(heard)
	case e.FromProxy:
		asked := &http.Request{Method: http.MethodConnect}
		response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(heard)), asked)
		if err == nil {
			a.describe(e, response)
		}
	}
}

// isTunnel reports whether a proxy has made the connection.
func isTunnel(heard []byte) bool {
	_, status, _ := bytes.Cut(heard, []byte(" "))
	return bytes.HasPrefix(status, []byte("200"))
}

// describe fills in e from an HTTP response.
func (a *attempt) describe(e *DialError, response *http.Response) {
	defer func() { _ = response.Body.Close() }()
	e.Status = response.StatusCode
	e.Server = printable.LogText(response.Header.Get("Server"))
	if location, err := response.Location(); err == nil {
		e.Location = printable.LogText(publicURL(location))
		return // the page beside it says the same
	}
	body, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	text := string(body)
	isPage := strings.Contains(response.Header.Get("Content-Type"), "html")
	if isPage || strings.HasPrefix(strings.TrimSpace(text), "<") {
		text = title(text)
	}
	text = a.firstLine([]byte(text))
	if text != e.status() {
		e.Said = text
	}
}

// title returns the title of a page, or "".
func title(page string) string {
	lower := strings.ToLower(page)
	begin, end := strings.Index(lower, "<title>"), strings.Index(lower, "</title>")
	if len(lower) != len(page) || begin < 0 || end < begin {
		return ""
	}
	return html.UnescapeString(page[begin+len("<title>") : end])
}

// firstLine returns the first line of what the other side has sent, without secrets.
func (a *attempt) firstLine(text []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(a.withoutSecrets(string(text))), "\n")
	return printable.LogText(strings.TrimSpace(line))
}
