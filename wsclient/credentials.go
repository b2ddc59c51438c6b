package wsclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// checkCredentials refuses options that say twice what the client sends.
func (o *Options) checkCredentials() error {
	switch {
	case o.Header != nil && o.HeaderFunc != nil:
		return errors.New("want either Header or HeaderFunc")
	case o.Token != nil && hasAuthorization(o.Header):
		return errTwoCredentials
	}
	return nil
}

var errTwoCredentials = errors.New("want either Token or an Authorization field in the header")

func hasAuthorization(header http.Header) bool {
	for name := range header {
		if http.CanonicalHeaderKey(name) == "Authorization" {
			return true
		}
	}
	return false
}

// userAgent tells the broker the kind of client, for its metrics.
const userAgent = "lockbroker-go"

// header returns the header of an attempt to connect. Its errors say which function has failed.
func (c *Client) header(ctx context.Context) (http.Header, error) {
	header := c.options.Header.Clone()
	if c.options.HeaderFunc != nil {
		made, err := c.options.HeaderFunc(ctx)
		if err != nil {
			return nil, fmt.Errorf("no header: %w", orContextError(ctx, err))
		}
		header = made.Clone()
	}
	if header == nil {
		header = http.Header{}
	}
	if len(header["User-Agent"]) == 0 {
		header.Set("User-Agent", userAgent)
	}
	if c.options.Token == nil {
		return header, nil
	}
	if hasAuthorization(header) {
		return nil, errTwoCredentials
	}
	token, err := c.token(ctx)
	if err != nil {
		return nil, err
	}
	header.Set("Authorization", "Bearer "+token)
	return header, nil
}

// token returns a token from Options.Token. Its errors do not quote the token.
func (c *Client) token(ctx context.Context) (string, error) {
	token, err := c.options.Token(ctx)
	if err == nil {
		err = checkToken(token)
	}
	if err != nil {
		return "", fmt.Errorf("no token: %w", orContextError(ctx, err))
	}
	return token, nil
}

// checkToken refuses a token that no header can carry.
func checkToken(token string) error {
	switch {
	case token == "":
		return errors.New("the function Token has returned an empty token")
	case len(token) > wire.MaxTokenBytes:
		return fmt.Errorf("the token has %d bytes, and may have at most %d", len(token), wire.MaxTokenBytes)
	}
	for i := range len(token) {
		if token[i] <= ' ' || token[i] > '~' {
			return errors.New("the token has a space, a line break or another character " +
				"that is not allowed")
		}
	}
	return nil
}

// orContextError returns err, or the error of ctx if it has ended.
func orContextError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	return err
}
