package main

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/wsclient/js"
)

// TestServedClient checks that brokerd serves the JavaScript client as one file that imports nothing, and each of its
// other files unchanged.
func TestServedClient(t *testing.T) {
	b, err := broker.New(new(flags).config(zerolog.Nop()))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := fs.ReadDir(js.Files(), ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		text, err := fs.ReadFile(js.Served(), entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		want := string(text)
		if got := fetch(b.Handler(), entry.Name(), "identity"); got.Code != 200 || got.Body.String() != want {
			t.Errorf("%s: %d, %.200s", entry.Name(), got.Code, got.Body)
		}
	}
	const firstPackets = 14_000 // bytes that a new connection may send before the first acknowledgment (RFC 6928)
	zipped := fetch(b.Handler(), "client.js", "gzip")
	if zipped.Header().Get("Content-Encoding") != "gzip" || zipped.Body.Len() > firstPackets {
		t.Errorf("client.js has %d bytes, %q", zipped.Body.Len(), zipped.Header())
	}
	imports := regexp.MustCompile(`(?m)^\s*import\b|\bimport\(`)
	if imported := imports.FindString(js.Module()); imported != "" {
		t.Errorf("client.js has %q", imported)
	}
}

// fetch requests a file of the handler.
func fetch(h http.Handler, name, encoding string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, "http://broker.test/"+name, strings.NewReader(""))
	request.Header.Set("Accept-Encoding", encoding)
	response := httptest.NewRecorder()
	h.ServeHTTP(response, request)
	return response
}
