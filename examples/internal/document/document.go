// Package document is a text behind HTTP that a lock protects, for examples. It remembers the greatest fencing token
// it was written with.
package document

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// TokenHeader carries the fencing token of the client's lock.
const TokenHeader = "Fencing-Token"

// A Document is read with GET and written with PUT.
type Document struct {
	mu    sync.Mutex
	text  string
	token int64 // the greatest token of a write
}

// ServeHTTP answers GET with the text, and PUT by replacing it. It answers 409 to a write whose token is smaller than
// an earlier one. The check and the write are one step, so that no late write comes between them.
func (d *Document) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		d.mu.Lock()
		defer d.mu.Unlock()
		_, _ = io.WriteString(w, d.text)
	case http.MethodPut:
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		var token int64
		if text := r.Header.Get(TokenHeader); text != "" {
			if token, err = strconv.ParseInt(text, 10, 64); err != nil {
				http.Error(w, TokenHeader+": want a number", http.StatusBadRequest)
				return
			}
		}
		if err := d.write(string(body), token); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
		}
	default:
		http.Error(w, "want GET or PUT", http.StatusMethodNotAllowed)
	}
}

// write replaces the text. A token of 0 means none, and the document accepts it, so that the example
// can show what happens without tokens.
func (d *Document) write(text string, token int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if token != 0 && token < d.token {
		return errors.New("stale fencing token: somebody has written with a greater one")
	}
	d.text, d.token = text, max(d.token, token)
	return nil
}
