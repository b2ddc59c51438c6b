package dashboard

import (
	"bytes"
	"io"
	"io/fs"
	"path"
)

// bare is a file system whose modules and style sheets have neither indentation nor lines that are empty or only a
// comment. A test checks that this leaves the modules as they are, which template literals of several lines
// could change.
type bare struct{ full fs.FS }

// Open implements fs.FS.
func (b bare) Open(name string) (fs.File, error) {
	file, err := b.full.Open(name)
	if ext := path.Ext(name); err != nil || ext != ".js" && ext != ".css" {
		return file, err
	}
	text, err := io.ReadAll(file)
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return &bareFile{file, bytes.NewReader(toBare(text))}, nil
}

func toBare(module []byte) []byte {
	var kept []byte
	for line := range bytes.Lines(module) {
		line = bytes.TrimLeft(line, " ")
		if len(line) > 1 && !bytes.HasPrefix(line, []byte("//")) {
			kept = append(kept, line...)
		}
	}
	return kept
}

// A bareFile is an open module. Its Stat tells the size of the full text.
type bareFile struct {
	fs.File
	text *bytes.Reader
}

// Read implements fs.File.
func (f *bareFile) Read(p []byte) (int, error) { return f.text.Read(p) }
