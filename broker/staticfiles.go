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

// staticFiles are files that are served as they are, by their names.
type staticFiles map[string]staticFile

type staticFile struct {
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

// A mediaType is the Content-Type of files whose names end in a suffix.
type mediaType struct{ suffix, contentType string }

const javaScript = "text/javascript; charset=utf-8" // RFC 9239

// readFiles reads the files in the top directory of files whose media types are given. files may be nil.
func readFiles(files fs.FS, types []mediaType) (staticFiles, error) {
	if files == nil {
		return nil, nil
	}
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, err
	}
	found := make(staticFiles)
	for _, entry := range entries {
		name := entry.Name()
		contentType := contentTypeOf(name, types)
		if entry.IsDir() || contentType == "" {
			continue
		}
		if strings.ContainsAny(name, "{}%") { // they mean something in a pattern of http.ServeMux
			return nil, fmt.Errorf("%q: want a name without braces and percent signs", name)
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		if found[name], err = newStaticFile(contentType, body); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// contentTypeOf returns the media type of a file, or "" if such files are not served.
func contentTypeOf(name string, types []mediaType) string {
	for _, t := range types {
		if strings.HasSuffix(name, t.suffix) {
			return t.contentType
		}
	}
	return ""
}

func newStaticFile(contentType string, body []byte) (staticFile, error) {
	var zipped bytes.Buffer
	zip, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		return staticFile{}, err
	}
	if _, err := zip.Write(body); err != nil {
		return staticFile{}, err
	}
	if err := zip.Close(); err != nil {
		return staticFile{}, err
	}
	f := staticFile{contentType: contentType, plain: newRepresentation(body, "")}
	f.gzipped = f.plain
	if zipped.Len() < len(body) {
		f.gzipped = newRepresentation(zipped.Bytes(), "gzip")
	}
	return f, nil
}

func newRepresentation(body []byte, encoding string) representation {
	return representation{body, encoding, fmt.Sprintf("\"%x\"", sha256.Sum256(body))}
}

// serve answers with the whole file. Browsers cache it, but ask each time whether it has changed. So
// files that belong together always match.
//
// http.ServeContent would also serve ranges, and one request can ask for thousands of those.
func (f staticFile) serve(w http.ResponseWriter, r *http.Request) {
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
