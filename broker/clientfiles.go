package broker

import (
	"fmt"
	"io/fs"
	"net/http"
)

// readClient reads the files of the JavaScript client: the .js and .d.ts files in the top directory.
func readClient(files fs.FS) (staticFiles, error) {
	found, err := readFiles(files, []mediaType{
		{".js", javaScript},
		{".d.ts", "application/typescript; charset=utf-8"},
	})
	if err != nil {
		return nil, fmt.Errorf("client files: %w", err)
	}
	return found, nil
}

// serveClient adds the client's files to mux. The client always matches its broker, because browsers
// ask each time whether a file has changed.
func (b *Broker) serveClient(mux *http.ServeMux) {
	for name, file := range b.client {
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) {
			b.allowSharing(w.Header(), r)
			file.serve(w, r)
		})
	}
}

// allowSharing lets the requesting page read the answer if its origin is allowed (the CORS protocol
// of the Fetch standard). The browser hides the answer from all other pages.
func (b *Broker) allowSharing(h http.Header, r *http.Request) {
	h.Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); origin != "" && b.checkOrigin(r) == nil {
		h.Set("Access-Control-Allow-Origin", origin)
	}
}
