package broker

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
)

// indexName is the file of the dashboard that is served at /.
const indexName = "index.html"

// readDashboard reads the .html, .css, .js and .svg files in the top directory.
func readDashboard(files fs.FS) (staticFiles, error) {
	found, err := readFiles(files, []mediaType{
		{".html", "text/html; charset=utf-8"},
		{".css", "text/css; charset=utf-8"},
		{".js", javaScript},
		{".svg", "image/svg+xml"},
	})
	if err != nil {
		return nil, fmt.Errorf("dashboard files: %w", err)
	}
	if _, is := found[indexName]; files != nil && !is {
		return nil, errors.New("dashboard files: want an " + indexName)
	}
	return found, nil
}

// serveDashboard adds the dashboard to mux: its page at /, and its other files below /dashboard/. They
// are not shared with pages of other origins, unlike the files of the client.
func (b *Broker) serveDashboard(mux *http.ServeMux) {
	if b.history == nil {
		return
	}
	mux.HandleFunc("GET /{$}", b.servePage)
	mux.HandleFunc("GET "+historyPath, b.serveHistory)
	mux.HandleFunc("GET "+deadlocksPath, b.serveDeadlocks)
	for name, file := range b.dashboard {
		if name == indexName {
			continue
		}
		mux.HandleFunc("GET /dashboard/"+name, func(w http.ResponseWriter, r *http.Request) {
			protect(w.Header())
			file.serve(w, r)
		})
	}
}

// servePage serves the page of the dashboard, unless it could not connect.
func (b *Broker) servePage(w http.ResponseWriter, r *http.Request) {
	protect(w.Header())
	refused := b.checkHost(r)
	if isUpgrade(r.Header) {
		refused = &refusal{http.StatusNotFound,
			"this is the page of a lock broker: connect with WebSocket to " + b.config.BasePath + "/ws"}
	}
	if refused != nil {
		refused.answer(w)
		return
	}
	b.dashboard[indexName].serve(w, r)
}

// contentPolicy permits the page only what it needs: files and connections of its own origin. Even a bug
// that lets the name of a lock become markup then runs no script.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'"

// protect sets the headers by which browsers keep other pages away from the dashboard. An operator may
// evict there, so no page may show it in a frame and make people click it unknowingly.
func protect(h http.Header) {
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
}
