package dashboard

import (
	"bytes"
	"io"
	"io/fs"
	"path"
)

// bare is a file system whose JavaScript modules have no lines with only a comment. No template literal of
// the page has a line that looks like one.
type bare struct{ full fs.FS }

// Open implements fs.FS.
func (b bare) Open(name string) (fs.File, error) {
	file, err := b.full.Open(name)
	if err != nil || path.Ext(name) != ".js" {
		return file, err
	}
	text, err := io.ReadAll(file)
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return &bareFile{file, bytes.NewReader(withoutComments(text))}, nil
}

func withoutComments(module []byte) []byte {
	var kept []byte
	for line := range bytes.Lines(module) {
		if !bytes.HasPrefix(bytes.TrimSpace(line), []byte("//")) {
			kept = append(kept, line...)
		}
	}
	return kept
}

// A bareFile is an open module. Its Stat tells the size that it has with the comments.
type bareFile struct {
	fs.File
	text *bytes.Reader
}

// Read implements fs.File.
func (f *bareFile) Read(p []byte) (int, error) { return f.text.Read(p) }
