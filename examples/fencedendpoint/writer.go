package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/lockbroker/lockbroker/examples/internal/document"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A writer writes the document under a lock.
type writer struct {
	name     string
	locks    *wsclient.Client
	document string // its URL
}

func newWriter(ctx context.Context, name, broker, url string) (*writer, error) {
	locks, err := wsclient.Dial(ctx, broker, &wsclient.Options{Author: name})
	if err != nil {
		return nil, err
	}
	return &writer{name: name, locks: locks, document: url}, nil
}

// write writes the document with a token, or with none if it is 0, and prints the outcome.
func (w *writer) write(ctx context.Context, text string, token int64) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, w.document, strings.NewReader(text))
	if err != nil {
		return err
	}
	if token != 0 {
		request.Header.Set(document.TokenHeader, strconv.FormatInt(token, 10))
	}
	status, answer, err := do(request)
	switch {
	case err != nil:
		return err
	case status == http.StatusConflict:
		fmt.Printf("%s writes: refused: %s", w.name, answer)
	case status != http.StatusOK:
		return fmt.Errorf("status %d: %s", status, answer)
	default:
		fmt.Printf("%s writes\n", w.name)
	}
	return nil
}

// read returns the text of the document.
func read(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}
	_, text, err := do(request)
	return text, err
}

// do sends a request and returns the status and the body of the answer.
func do(request *http.Request) (status int, body string, err error) {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close() //nolint:errcheck // it was read to its end
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}
