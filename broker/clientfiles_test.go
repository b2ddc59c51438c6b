package broker_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lockbroker/lockbroker/broker"
)

// clientHandler returns the handler of a broker that serves the given files.
func clientHandler(t *testing.T, config broker.Config, files fs.FS) http.Handler {
	t.Helper()
	config.ClientFiles = files
	b, err := broker.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return b.Handler()
}

// aClient contains two files that are served, and others that are not.
var aClient = fstest.MapFS{
	"client.js":     {Data: []byte("export {}")},
	"index.d.ts":    {Data: []byte("export declare const connect: unknown")},
	"package.json":  {Data: []byte("{}")},
	"test/suite.js": {Data: []byte("export {}")},
	"odd.js/part":   {Data: []byte("a file in a directory with such a name")},
}

// fetch requests a file of http://broker.test.
func fetch(h http.Handler, method, path string, header http.Header) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, "http://broker.test"+path, http.NoBody)
	maps.Copy(request.Header, header)
	response := httptest.NewRecorder()
	h.ServeHTTP(response, request)
	return response
}

func TestClientFiles(t *testing.T) {
	tests := []struct {
		path, contentType, body string
		status                  int
	}{
		{"/client.js", "text/javascript; charset=utf-8", "export {}", 200},
		{"/index.d.ts", "application/typescript; charset=utf-8", "export declare const connect: unknown", 200},
		{"/package.json", "", "", 404},
		{"/suite.js", "", "", 404},
		{"/test/suite.js", "", "", 404},
		{"/odd.js", "", "", 404},
		{"/", "", "", 404},
	}
	h := clientHandler(t, broker.Config{}, aClient)
	for _, test := range tests {
		got := fetch(h, http.MethodGet, test.path, nil)
		if got.Code != test.status {
			t.Errorf("%s: %d, want %d", test.path, got.Code, test.status)
		}
		if test.status != 200 {
			continue
		}
		if got.Body.String() != test.body || got.Header().Get("Content-Type") != test.contentType ||
			got.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %q %q", test.path, got.Body, got.Header())
		}
		head := fetch(h, http.MethodHead, test.path, nil)
		if head.Code != 200 || head.Body.Len() != 0 ||
			head.Header().Get("Content-Length") != strconv.Itoa(len(test.body)) ||
			head.Header().Get("ETag") != got.Header().Get("ETag") {
			t.Errorf("HEAD %s: %d %q %q", test.path, head.Code, head.Body, head.Header())
		}
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete,
			http.MethodOptions} {
			not := fetch(h, method, test.path, nil)
			if not.Code != 405 || not.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d, Allow %q", method, test.path, not.Code, not.Header().Get("Allow"))
			}
		}
	}
}

// Browsers cache the files, ask each time, and get 304 if nothing has changed.
func TestClientFilesAreKept(t *testing.T) {
	config := broker.Config{AllowOrigins: []string{"https://app.example"}}
	h := clientHandler(t, config, aClient)
	first := fetch(h, http.MethodGet, "/client.js", nil)
	etag := first.Header().Get("ETag")
	if len(etag) < 20 || !strings.HasPrefix(etag, `"`) || first.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("ETag %q, Cache-Control %q", etag, first.Header().Get("Cache-Control"))
	}
	again := fetch(h, http.MethodGet, "/client.js",
		http.Header{"If-None-Match": {etag}, "Origin": {"https://app.example"}})
	if again.Code != 304 || again.Body.Len() != 0 || again.Header().Get("ETag") != etag {
		t.Errorf("asked again: %d %q, ETag %q", again.Code, again.Body, again.Header().Get("ETag"))
	}
	if got := again.Header().Get("Access-Control-Allow-Origin"); got != "https://app.example" {
		t.Errorf("asked again: Access-Control-Allow-Origin %q", got)
	}
	for _, tags := range []string{"*", "W/" + etag, `"x", ` + etag, `"x",W/` + etag + `,"y"`} {
		if got := fetch(h, http.MethodHead, "/client.js",
			http.Header{"If-None-Match": {tags}}); got.Code != 304 {
			t.Errorf("If-None-Match %s: %d, want 304", tags, got.Code)
		}
	}
	for _, tags := range []string{"", `"x"`, strings.Trim(etag, `"`), etag[:20]} {
		if got := fetch(h, http.MethodGet, "/client.js",
			http.Header{"If-None-Match": {tags}}); got.Code != 200 {
			t.Errorf("If-None-Match %s: %d, want 200", tags, got.Code)
		}
	}
	other := fetch(h, http.MethodGet, "/index.d.ts", http.Header{"If-None-Match": {etag}})
	if other.Code != 200 || other.Header().Get("ETag") == etag {
		t.Errorf("another file: %d, ETag %q", other.Code, other.Header().Get("ETag"))
	}
	next := clientHandler(t, config, fstest.MapFS{"client.js": {Data: []byte("export default 1")}})
	if changed := fetch(next, http.MethodGet, "/client.js",
		http.Header{"If-None-Match": {etag}}); changed.Code != 200 {
		t.Errorf("another version: %d, want 200", changed.Code)
	}
}

// zipped contains one file, which gzip makes shorter.
var zipped = fstest.MapFS{"client.js": {Data: []byte("export {};" + strings.Repeat(" // and so on", 100))}}

// Only clients that accept gzip get gzipped files.
func TestClientFilesAreCompressed(t *testing.T) {
	h := clientHandler(t, broker.Config{}, zipped)
	want := string(zipped["client.js"].Data)
	for accepted, encoding := range map[string]string{
		"":                      "",
		"gzip":                  "gzip",
		"gzip, deflate, br":     "gzip",
		"br;q=1.0,GZIP;q=0.001": "gzip",
		"x-gzip":                "gzip",
		"*":                     "gzip",
		"*;q=0.5, identity;q=0": "gzip",
		"gzip, identity":        "gzip",
		"br, deflate":           "",
		"identity":              "",
		"gzip;q=0":              "",
		"gzip; q=0.000, *":      "",
		"*;q=0":                 "",
		"gzip;q=0.5, identity":  "",
		"gzip;q=":               "",
		"gzip;q=NaN":            "",
		"gzip;q=2":              "",
		"gzip;level=9":          "",
		"gzipped, not-gzip":     "",
		", ,;,":                 "",
	} {
		t.Run(accepted, func(t *testing.T) {
			header := http.Header{"Accept-Encoding": {accepted}}
			got := fetch(h, http.MethodGet, "/client.js", header)
			if got.Code != 200 || got.Header().Get("Content-Encoding") != encoding ||
				unzip(t, got) != want {
				t.Errorf("%d %q, want %q", got.Code, got.Header(), encoding)
			}
			head := fetch(h, http.MethodHead, "/client.js", header)
			length := head.Header().Get("Content-Length")
			if head.Body.Len() != 0 || !reflect.DeepEqual(head.Header(), got.Header()) ||
				length != strconv.Itoa(got.Body.Len()) {
				t.Errorf("HEAD: %q, GET: %q", head.Header(), got.Header())
			}
		})
	}
	lines := http.Header{"Accept-Encoding": {"br", "gzip"}}
	if got := fetch(h, http.MethodGet, "/client.js", lines).Header().Get("Content-Encoding"); got != "gzip" {
		t.Errorf("Accept-Encoding in two lines: %q", got)
	}
}

// The two representations of a file have different ETags: a cache that has one is not told that the
// other is the same.
func TestRepresentationsDiffer(t *testing.T) {
	config := broker.Config{AllowOrigins: []string{"https://app.example"}}
	h := clientHandler(t, config, zipped)
	etags := map[string]string{}
	for _, encoding := range []string{"gzip", "identity"} {
		got := fetch(h, http.MethodGet, "/client.js", http.Header{"Accept-Encoding": {encoding}})
		etags[encoding] = got.Header().Get("ETag")
	}
	for asked := range etags {
		for known, etag := range etags {
			got := fetch(h, http.MethodGet, "/client.js",
				http.Header{"Accept-Encoding": {asked}, "If-None-Match": {etag},
					"Origin": {"https://app.example"}})
			if (got.Code == 304) != (asked == known) {
				t.Errorf("a client that has %s and asks for %s gets %d", known, asked, got.Code)
			}
			if vary := got.Header().Values("Vary"); !slices.Equal(vary,
				[]string{"Origin", "Accept-Encoding"}) {
				t.Errorf("%d: Vary %q", got.Code, vary)
			}
			if encoding := got.Header().Get("Content-Encoding"); got.Code == 304 && encoding != "" {
				t.Errorf("304 with Content-Encoding %q", encoding)
			}
		}
	}
}

// unzip returns the body of a response, decoded.
func unzip(t *testing.T, response *httptest.ResponseRecorder) string {
	t.Helper()
	if response.Header().Get("Content-Encoding") == "" {
		return response.Body.String()
	}
	zip, err := gzip.NewReader(bytes.NewReader(response.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Pages of other origins may import the client if they are allowed to use the broker.
func TestClientFilesAreShared(t *testing.T) {
	log := &testLog{}
	tests := []struct{ origin, allowed string }{
		{"", ""},
		{"https://app.example", "https://app.example"},
		{"http://broker.test", "http://broker.test"},
		{"https://evil.test", ""},
		{"null", ""},
	}
	h := clientHandler(t, broker.Config{Logger: log.logger(), AllowOrigins: []string{"https://app.example"},
		AllowedHosts: []string{"broker.test"}}, aClient)
	for _, test := range tests {
		header := http.Header{}
		if test.origin != "" {
			header["Origin"] = []string{test.origin}
		}
		got := fetch(h, http.MethodGet, "/client.js", header)
		if allowed := got.Header().Get("Access-Control-Allow-Origin"); got.Code != 200 ||
			allowed != test.allowed {
			t.Errorf("%q: %d, Access-Control-Allow-Origin %q, want %q", test.origin, got.Code, allowed,
				test.allowed)
		}
		if got.Header().Get("Vary") != "Origin" {
			t.Errorf("%q: Vary %q", test.origin, got.Header().Get("Vary"))
		}
	}
	if len(log.lines("--allow-origin")) != 2 || len(log.lines("--allow-origin", `"path":"/client.js"`,
		"https://evil.test")) != 1 {
		t.Errorf("the log says %q, want a line for each of the two refused origins", log.lines("refused"))
	}
}

// Ranges of a file are not served: one request could ask for thousands of them.
func TestClientFilesHaveNoRanges(t *testing.T) {
	h := clientHandler(t, broker.Config{}, aClient)
	whole := fetch(h, http.MethodGet, "/client.js", nil)
	for _, ranges := range []string{"bytes=0-0", "bytes=0-0" + strings.Repeat(",0-0", 8000), "bytes=99-",
		"nonsense"} {
		got := fetch(h, http.MethodGet, "/client.js",
			http.Header{"Range": {ranges}, "If-Range": {whole.Header().Get("ETag")}})
		if got.Code != 200 || got.Body.String() != whole.Body.String() ||
			got.Header().Get("Accept-Ranges") != "none" || got.Header().Get("Content-Range") != "" {
			t.Errorf("%.20s: %d %q, %q", ranges, got.Code, got.Body, got.Header())
		}
	}
}

// New fails if a file cannot be read: an incomplete client is worse than none.
func TestUnreadableClientFiles(t *testing.T) {
	if _, err := broker.New(broker.Config{ClientFiles: unreadable{fstest.MapFS{"client.js": {}}}}); err == nil {
		t.Error("no error")
	}
}

// A broker without client files serves none.
func TestNoClientFiles(t *testing.T) {
	if got := fetch(clientHandler(t, broker.Config{}, nil), http.MethodGet, "/client.js", nil); got.Code != 404 {
		t.Errorf("/client.js: %d, want 404", got.Code)
	}
}

type unreadable struct{ fs.ReadDirFS }

// Open always fails. ReadDir still works, so the files are found but cannot be read.
func (unreadable) Open(string) (fs.File, error) { return nil, fs.ErrPermission }

// New refuses names that mean something else in a pattern of http.ServeMux. Handler would panic.
func TestNamesOfClientFilesAreChecked(t *testing.T) {
	for _, name := range []string{"{name}.js", "a}.js", "a%41.js"} {
		_, err := broker.New(broker.Config{ClientFiles: fstest.MapFS{name: {}}})
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want an error with the name", name, err)
		}
	}
	clientHandler(t, broker.Config{}, fstest.MapFS{"{name}.txt": {}, "two words.js": {}}) // does not panic
}
