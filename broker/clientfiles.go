package broker

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
)

// clientFiles maps each URL path to the file of the JavaScript client that is served there.
type clientFiles map[string]clientFile

type clientFile struct {
	contentType string
	plain       representation
	gzipped     representation // plain, unless gzip makes the file shorter
}

// A representation is a file in the encoding in which it is sent (RFC 9110, section 3.2). Each
// representation has its own ETag. Otherwise a cache could serve the compressed one to a client
// that cannot read it.
type representation struct {
	body     []byte
	encoding string // "": none
	etag     string
}

// readClient reads the .js and .d.ts files in the top directory of files, which may be nil.
func readClient(files fs.FS) (clientFiles, error) {
	if files == nil {
		return nil, nil
	}
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, fmt.Errorf("client files: %w", err)
	}
	found := make(clientFiles)
	for _, entry := range entries {
		if entry.IsDir() || clientFileType(entry.Name()) == "" {
			continue
		}
		if strings.ContainsAny(entry.Name(), "{}%") { // they mean something in a pattern of http.ServeMux
			return nil, fmt.Errorf("client files: %q: want a name without braces and percent signs",
				entry.Name())
		}
		body, err := fs.ReadFile(files, entry.Name())
		if err != nil {
			return nil, fmt.Errorf("client files: %w", err)
		}
		if found["/"+entry.Name()], err = newClientFile(entry.Name(), body); err != nil {
			return nil, fmt.Errorf("client files: %w", err)
		}
	}
	return found, nil
}

func newClientFile(name string, body []byte) (clientFile, error) {
	var zipped bytes.Buffer
	zip, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		return clientFile{}, err
	}
	if _, err := zip.Write(body); err != nil {
		return clientFile{}, err
	}
	if err := zip.Close(); err != nil {
		return clientFile{}, err
	}
	f := clientFile{contentType: clientFileType(name), plain: newRepresentation(body, "")}
	f.gzipped = f.plain
	if zipped.Len() < len(body) {
		f.gzipped = newRepresentation(zipped.Bytes(), "gzip")
	}
	return f, nil
}

func newRepresentation(body []byte, encoding string) representation {
	return representation{body, encoding, fmt.Sprintf("\"%x\"", sha256.Sum256(body))}
}

// clientFileType returns the media type of a file, or "" if such files are not served.
func clientFileType(name string) string {
	switch {
	case strings.HasSuffix(name, ".js"):
		return "text/javascript; charset=utf-8" // RFC 9239
	case strings.HasSuffix(name, ".d.ts"):
		return "application/typescript; charset=utf-8"
	}
	return ""
}

// serveClient adds the client's files to mux. Browsers cache the files, but ask each time whether
// they have changed. So the client always matches its broker, and its files match each other.
func (b *Broker) serveClient(mux *http.ServeMux) {
	for path, file := range b.client {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			b.allowSharing(w.Header(), r)
			file.serve(w, r)
		})
	}
}

// serve answers with the whole file. http.ServeContent would also serve ranges, and one request can
// ask for thousands of those.
func (f clientFile) serve(w http.ResponseWriter, r *http.Request) {
	selected := f.plain
	if prefersGzip(r.Header["Accept-Encoding"]) {
		selected = f.gzipped
	}
	h := w.Header()
	h.Add("Vary", "Accept-Encoding")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("ETag", selected.etag)
	h.Set("Cache-Control", "no-cache")
	h.Set("Accept-Ranges", "none")
	if selected.isKnown(r) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if selected.encoding != "" {
		h.Set("Content-Encoding", selected.encoding)
	}
	h.Set("Content-Type", f.contentType)
	h.Set("Content-Length", strconv.Itoa(len(selected.body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(selected.body)
	}
}

// isKnown reports whether the client already has this representation (RFC 9110, section 13.1.2).
func (p representation) isKnown(r *http.Request) bool {
	for _, tags := range r.Header["If-None-Match"] {
		for tag := range strings.SplitSeq(tags, ",") {
			tag = strings.TrimSpace(tag)
			if tag == "*" || strings.TrimPrefix(tag, "W/") == p.etag {
				return true
			}
		}
	}
	return false
}

// allowSharing lets the requesting page read the answer if its origin is allowed (the CORS protocol
// of the Fetch standard). The browser hides the answer from all other pages.
func (b *Broker) allowSharing(h http.Header, r *http.Request) {
	h.Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); origin != "" && b.checkOrigin(r) == nil {
		h.Set("Access-Control-Allow-Origin", origin)
	}
}
