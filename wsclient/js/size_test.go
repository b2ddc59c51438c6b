package js_test

import (
	"bytes"
	"compress/gzip"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// mostBytes is the size below which README.md says that the minified client stays.
const mostBytes = 18_200

// TestSize checks the size of the minified client. The command in README.md prints the same number.
func TestSize(t *testing.T) {
	options := api.BuildOptions{MinifyWhitespace: true, MinifyIdentifiers: true, MinifySyntax: true}
	text := build(t, "client.js", options)
	t.Logf("minified: %d bytes; compressed: %d", len(text), compressed(t, text))
	if len(text) >= mostBytes {
		t.Errorf("%d bytes, want less than %d", len(text), mostBytes)
	}
}

func compressed(t *testing.T, text []byte) int {
	t.Helper()
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := zip.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}
