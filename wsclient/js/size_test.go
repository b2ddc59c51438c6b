package js_test

import (
	"bytes"
	"compress/gzip"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// mostBytes is how small README.md says that the client stays. It was 12,000 until the client
// had to settle every promise in a frame that is removed, to take a signal for each question, to
// keep its timers from being nested, and to say why a browser has no connection. That is 900
// bytes in all.
const mostBytes = 12_900

// TestSize: pages that minify it load less than so many bytes. The command of README.md
// prints the same.
func TestSize(t *testing.T) {
	built := api.Build(api.BuildOptions{
		EntryPoints:       []string{"client.js"},
		Bundle:            true,
		Format:            api.FormatESModule,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
	})
	for _, message := range built.Errors {
		t.Error(message.Text)
	}
	if len(built.OutputFiles) != 1 {
		t.Fatalf("%d files, want one", len(built.OutputFiles))
	}
	text := built.OutputFiles[0].Contents
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
