// Package document is something behind HTTP that a lock protects, for examples: a
// text that remembers the greatest fencing token with which it was written.
package document

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// TokenHeader carries the fencing token of the lock under which a client writes.
const TokenHeader = "Fencing-Token"

// A Document is read with GET and written with PUT.
type Document struct {
	mu    sync.Mutex
	text  string
	token int64 // the greatest that was shown
}

// ServeHTTP refuses a token that is less than one it has seen with 409. To look at
// the token and to write are one step: between two a late writer could slip in.
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

// write takes a token of 0 for none: whoever shows none is let through, which shows
// what happens then.
func (d *Document) write(text string, token int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if token != 0 && token < d.token {
		return fmt.Errorf("stale fencing token: somebody has written with a greater one")
	}
	d.text, d.token = text, max(d.token, token)
	return nil
}
