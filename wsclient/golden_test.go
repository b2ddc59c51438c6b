package wsclient_test

import (
	"os"
	"path/filepath"
	"testing"
)

// expectGolden compares text with a file of testdata/wsclient. With -update it writes the file.
func expectGolden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join("..", "testdata", "wsclient", name)
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, text, want)
	}
}
