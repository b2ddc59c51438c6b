package broker_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// request sends a request such as "GET / | Host: locks.test", and returns what a viewer sees of the answer.
// "headers GET /" also shows all headers, and "brief headers GET /" all but those that protect the page.
func (v *viewing) request(line string) []string {
	v.t.Helper()
	line, brief := strings.CutPrefix(line, "brief ")
	line, all := strings.CutPrefix(line, "headers ")
	parts := strings.Split(line, " | ")
	method, path, ok := strings.Cut(parts[0], " ")
	if !ok {
		v.t.Fatalf("%q is no step", line)
	}
	request, err := http.NewRequestWithContext(v.t.Context(), method, "http://127.0.0.1:27002"+path, http.NoBody)
	if err != nil {
		v.t.Fatal(err)
	}
	request.Header.Set("Accept-Encoding", "identity")
	for _, part := range parts[1:] {
		name, value, _ := strings.Cut(part, ": ")
		switch name {
		case "Host":
			request.Host = value
		case "Authorization":
			if token := v.keys.tokens[value]; token != "" {
				value = "Bearer " + token
			}
			fallthrough
		default:
			request.Header.Set(name, value)
		}
	}
	transport := &http.Transport{DialContext: v.server.Dial, DisableKeepAlives: true}
	response, err := transport.RoundTrip(request)
	if err != nil {
		v.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	shown := []string{statusOf(response)}
	if all {
		shown = append(shown, v.headersOf(response.Header, brief)...)
	}
	return append(shown, v.bodyOf(response)...)
}

// statusOf returns the status, and what it refers to.
func statusOf(response *http.Response) string {
	parts := []string{response.Status}
	for _, header := range [][2]string{{"Location", "to"}, {"Allow", "allows"}, {"WWW-Authenticate", "wants"}} {
		if value := response.Header.Get(header[0]); value != "" {
			parts = append(parts, header[1]+" "+value)
		}
	}
	return strings.Join(parts, ", ")
}

// protecting are the headers that keep other pages away.
var protecting = map[string]string{
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
		"img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
		"require-trusted-types-for 'script'; trusted-types 'none'",
	"Referrer-Policy":              "no-referrer",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"X-Frame-Options":              "DENY",
}

// headersOf returns the headers in alphabetical order. Those of protecting are one line if brief is set. ETags are
// numbered, and the length of what is compressed is left out, because they depend on the version of Go.
func (v *viewing) headersOf(h http.Header, brief bool) []string {
	var lines []string
	protected := 0
	for name := range h {
		value := strings.Join(h[name], ", ")
		switch {
		case name == "Date", name == "Content-Length" && h.Get("Content-Encoding") != "":
			continue
		case brief && value == protecting[name]:
			protected++
			continue
		case name == "Etag":
			value = numbered(&v.etags, value)
		}
		lines = append(lines, name+": "+value)
	}
	slices.Sort(lines)
	if brief && protected == len(protecting) {
		lines = append(lines, "(protected as the page)")
	}
	return lines
}

// numbered returns the number of a text among those that were seen, and adds it if it is new.
func numbered(seen *[]string, text string) string {
	if !slices.Contains(*seen, text) {
		*seen = append(*seen, text)
	}
	return strconv.Itoa(slices.Index(*seen, text) + 1)
}

var (
	runOf  = regexp.MustCompile(`"run":"[^"]*"`)
	spaces = regexp.MustCompile(` +`)
)

// bodyOf returns the lines of the body, uncompressed, with runs of spaces shortened. Runs of the broker are called 1,
// 2 and so on.
func (v *viewing) bodyOf(response *http.Response) []string {
	v.t.Helper()
	var body io.Reader = response.Body
	if response.Header.Get("Content-Encoding") == "gzip" {
		zip, err := gzip.NewReader(body)
		if err != nil {
			v.t.Fatal(err)
		}
		body = zip
	}
	text, err := io.ReadAll(body)
	if err != nil {
		v.t.Fatal(err)
	}
	shown := strings.TrimSpace(spaces.ReplaceAllString(string(text), " "))
	if shown == "" {
		return nil
	}
	shown = runOf.ReplaceAllStringFunc(shown, func(run string) string {
		return fmt.Sprintf(`"run":"%s"`, numbered(&v.runs, run))
	})
	return strings.Split(shown, "\n")
}
