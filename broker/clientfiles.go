package broker

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"time"
)

// clientFiles are those of the JavaScript client, by the path at which a page finds
// them: client.js imports its parts from beside it.
type clientFiles map[string]clientFile

// A clientFile is one of them.
type clientFile struct {
	body        []byte
	contentType string
	etag        string
}

// readClient reads the scripts and types in the top directory of files.
func readClient(files fs.FS) (clientFiles, error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, fmt.Errorf("client files: %w", err)
	}
	found := make(clientFiles)
	for _, entry := range entries {
		contentType := clientFileType(entry.Name())
		if entry.IsDir() || contentType == "" {
			continue
		}
		body, err := fs.ReadFile(files, entry.Name())
		if err != nil {
			return nil, fmt.Errorf("client files: %w", err)
		}
		etag := fmt.Sprintf("\"%x\"", sha256.Sum256(body))
		found["/"+entry.Name()] = clientFile{body, contentType, etag}
	}
	return found, nil
}

// clientFileType is "" for what is not served.
func clientFileType(name string) string {
	switch {
	case strings.HasSuffix(name, ".js"):
		return "text/javascript; charset=utf-8" // RFC 9239
	case strings.HasSuffix(name, ".d.ts"):
		return "application/typescript; charset=utf-8"
	}
	return ""
}

// serveClient adds the client's files to mux. Browsers keep them, and ask each time
// whether they are still the same: so the parts always fit together.
func (b *Broker) serveClient(mux *http.ServeMux) {
	for path, file := range b.client {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Content-Type", file.contentType)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("ETag", file.etag)
			h.Set("Cache-Control", "no-cache")
			b.allowSharing(h, r)
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file.body))
		})
	}
}

// allowSharing lets the page that asks see the answer, where its origin is allowed
// (the CORS protocol of the Fetch standard). Other pages get the answer, and their
// browsers keep it from them.
func (b *Broker) allowSharing(h http.Header, r *http.Request) {
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	switch {
	case origin == "":
	case b.origins.allow(r):
		h.Set("Access-Control-Allow-Origin", origin)
	default:
		b.logRefused(r)
	}
}
