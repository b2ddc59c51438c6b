package broker

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
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
			b.allowSharing(w.Header(), r)
			file.serve(w, r)
		})
	}
}

// serve answers with the whole file: to give out parts of it, as http.ServeContent does, would
// let one request ask for thousands of them.
func (f clientFile) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("ETag", f.etag)
	h.Set("Cache-Control", "no-cache")
	h.Set("Accept-Ranges", "none")
	if f.isKnown(r) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.contentType)
	h.Set("Content-Length", strconv.Itoa(len(f.body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(f.body)
	}
}

// isKnown reports whether the client has the file already (RFC 9110, section 13.1.2).
func (f clientFile) isKnown(r *http.Request) bool {
	for _, tags := range r.Header["If-None-Match"] {
		for tag := range strings.SplitSeq(tags, ",") {
			tag = strings.TrimSpace(tag)
			if tag == "*" || strings.TrimPrefix(tag, "W/") == f.etag {
				return true
			}
		}
	}
	return false
}

// allowSharing lets the page that asks see the answer, where its origin is allowed
// (the CORS protocol of the Fetch standard). Other pages get the answer, and their
// browsers keep it from them.
func (b *Broker) allowSharing(h http.Header, r *http.Request) {
	h.Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); origin != "" && b.checkOrigin(r) == nil {
		h.Set("Access-Control-Allow-Origin", origin)
	}
}
