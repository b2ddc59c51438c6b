package wsclient

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// labelParameter is the parameter of the query in which the broker reads the label.
const labelParameter = "client"

// schemes maps the scheme of an address to the scheme that is dialled. It accepts http and https, too, as the
// WebSocket of browsers does.
var schemes = map[string]string{"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}

// dialURL returns the URL to dial: the address, with the label in its query. It refuses an address if it would have
// to drop or guess a part of it. Errors do not quote the address, because any part of a malformed one may be a
// password.
func dialURL(address, label string) (*url.URL, error) {
	if !utf8.ValidString(address) {
		return nil, errors.New("the address is not valid UTF-8")
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the address is not a URL: want one such as ws://127.0.0.1:27002; " +
			"write IPv6 addresses in brackets, and the % of a zone as %25: ws://[fe80::1%25eth0]:27002")
	}
	scheme := schemes[u.Scheme]
	switch {
	case scheme == "" || u.Host == "":
		return nil, errors.New("want a URL that begins with ws://, wss://, http:// or https://, " +
			"such as ws://127.0.0.1:27002, or unix: and the path of a socket")
	case u.User != nil:
		return nil, errors.New("a user in the URL is not supported: send an Authorization header instead")
	case u.Fragment != "":
		return nil, errors.New("there is a # in the URL, and what follows it is never sent: " +
			"if it belongs to a name, write %23")
	}
	u.Scheme = scheme
	if u.Host, err = dialHost(u); err != nil {
		return nil, err
	}
	addEndpoint(u)
	u.RawPath = escape(u.RawPath, "^`{|}\\") // url drops a RawPath with these, and %2F becomes a slash
	u.RawQuery, err = dialQuery(u.RawQuery, label)
	return u, err
}

// addEndpoint adds ws to a path that ends with a slash. Any other path is the endpoint itself.
func addEndpoint(u *url.URL) {
	if u.Path == "" {
		u.Path = "/"
	}
	if !strings.HasSuffix(cmp.Or(u.RawPath, u.Path), "/") { // RawPath distinguishes %2F from a slash
		return
	}
	u.Path += "ws"
	if u.RawPath != "" {
		u.RawPath += "ws"
	}
}

// dialHost checks host and port.
func dialHost(u *url.URL) (string, error) {
	host, port := u.Hostname(), u.Port()
	if host == "" {
		return "", errors.New("there is no host in the URL")
	}
	for _, c := range host {
		if c >= utf8.RuneSelf {
			const message = "the host in the URL is not ASCII: write it in the form that begins with xn--"
			return "", errors.New(message)
		}
	}
	if strings.Contains(host, ":") && !strings.HasPrefix(u.Host, "[") {
		return "", errors.New("write an IPv6 address in a URL in brackets: ws://[::1]:27002")
	}
	if port == "" {
		return strings.TrimSuffix(u.Host, ":"), nil
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", errors.New("the port in the URL is invalid: want 1 to 65535")
	}
	return net.JoinHostPort(host, port), nil
}

// dialQuery adds the label to a query, unless the query has one. The rest is for a proxy in front of the broker, and
// stays as it is. Only characters that no request can hold are escaped, as browsers do.
func dialQuery(query, label string) (string, error) {
	hasLabel := false
	for pair := range strings.SplitSeq(query, "&") {
		name, text, _ := strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(name); err != nil || name != labelParameter {
			continue
		}
		if _, err := url.QueryUnescape(text); err != nil {
			return "", errors.New("the label in the URL is malformed: write % as %25")
		}
		hasLabel = true
	}
	query = escape(query, "")
	if hasLabel {
		return query, nil
	}
	if query != "" {
		query += "&"
	}
	return query + labelParameter + "=" + url.QueryEscape(label), nil
}

// escape escapes the characters that no request can hold, and those in also: see the percent-encode sets of
// https://url.spec.whatwg.org/#percent-encoded-bytes.
func escape(text, also string) string {
	var out strings.Builder
	for i := range len(text) {
		c := text[i]
		if c <= ' ' || c > '~' || strings.IndexByte(`"<>`+also, c) >= 0 {
			fmt.Fprintf(&out, "%%%02X", c)
		} else {
			out.WriteByte(c)
		}
	}
	return out.String()
}

// publicURL returns u without the parts that may hold secrets.
func publicURL(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}
