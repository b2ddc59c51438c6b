package main

import "io"

// wholeLines writes lines to a file that may take only a part of one, such as a file on a full disk. It ends such a
// part with a newline before it writes the next line.
type wholeLines struct {
	out  io.Writer
	torn bool // the last line has no end
}

// Write takes one line, with its newline.
func (w *wholeLines) Write(line []byte) (int, error) {
	if w.torn {
		if _, err := w.out.Write([]byte{'\n'}); err != nil {
			return 0, err
		}
		w.torn = false
	}
	n, err := w.out.Write(line)
	w.torn = err != nil && n > 0
	return n, err
}
