package oidc

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	goidc "github.com/coreos/go-oidc/v3/oidc"
	jose "github.com/go-jose/go-jose/v4"
)

const (
	maxAnswerBytes = 1 << 20
	maxHeaderBytes = 64 << 10
	maxRedirects   = 3
	maxErrorBytes  = 300
)

// A source is where the keys of an issuer are on the network.
type source struct {
	issuer, keysURL string
	plain           bool // http is allowed, on loopback addresses
	client          *http.Client
}

func newSource(config *Config) *source {
	s := &source{issuer: config.Issuer, keysURL: config.KeysURL}
	s.plain = strings.HasPrefix(cmp.Or(s.keysURL, s.issuer), "http:")
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: config.Authorities, MinVersion: tls.VersionTLS12}
	transport.MaxResponseHeaderBytes = maxHeaderBytes
	transport.DisableKeepAlives = true // the next request is an hour away
	s.client = &http.Client{
		Transport: boundedTransport{transport},
		CheckRedirect: func(request *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return errors.New("too many redirects")
			}
			return checkURL(request.URL, s.plain)
		},
	}
	return s
}

// fetch returns the keys. It looks the URL of the keys up again each time, because it may change.
func (s *source) fetch(ctx context.Context) ([]jose.JSONWebKey, error) {
	from := s.keysURL
	if from == "" {
		provider, err := goidc.NewProvider(goidc.ClientContext(ctx, s.client), s.issuer)
		if err != nil {
			return nil, shortened(err)
		}
		var discovered struct {
			KeysURL string `json:"jwks_uri"`
		}
		if err := provider.Claims(&discovered); err != nil {
			return nil, shortened(err)
		}
		from = discovered.KeysURL
	}
	keys, err := s.get(ctx, from)
	if err != nil {
		return nil, shortened(err)
	}
	return keys, nil
}

// get returns the keys at a URL.
func (s *source) get(ctx context.Context, from string) ([]jose.JSONWebKey, error) {
	u, err := url.Parse(from)
	if err != nil {
		return nil, errors.New("jwks_uri: not a URL")
	}
	if err := checkURL(u, s.plain); err != nil {
		return nil, fmt.Errorf("jwks_uri: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, err
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", hidingQuery(u), causeOf(err))
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("get %s: %s", hidingQuery(u), answer.Status)
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	return parseKeys(text)
}

// hidingQuery returns a URL without its query, which may have a secret.
func hidingQuery(u *url.URL) string {
	shown := *u
	shown.RawQuery = ""
	return shown.Redacted()
}

// causeOf returns an error of the client without the URL, which may have a secret.
func causeOf(err error) error {
	var request *url.Error
	if errors.As(err, &request) {
		return request.Err
	}
	return err
}

// shortened returns an error whose text is short. The errors of go-oidc quote whole answers.
func shortened(err error) error {
	if text := err.Error(); len(text) > maxErrorBytes {
		return errors.New(strings.ToValidUTF8(text[:maxErrorBytes], "") + "...")
	}
	return err
}

// A boundedTransport bounds the bodies of answers.
type boundedTransport struct{ http.RoundTripper }

// RoundTrip sends a request.
func (t boundedTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := t.RoundTripper.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	answer.Body = &boundedBody{answer.Body, maxAnswerBytes}
	return answer, nil
}

// A boundedBody fails after it has returned left bytes.
type boundedBody struct {
	io.ReadCloser
	left int
}

// Read reads, and fails when the body is too long.
func (b *boundedBody) Read(to []byte) (int, error) {
	n, err := b.ReadCloser.Read(to)
	if b.left -= n; b.left < 0 {
		return 0, fmt.Errorf("the answer has more than %d bytes", maxAnswerBytes)
	}
	return n, err
}
