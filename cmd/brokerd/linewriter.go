package main

import "io"

// A lineWriter writes lines to a file that may accept only part of a line, such as a file on a full disk. It
// ends such a part with a newline before the next line.
type lineWriter struct {
	out  io.Writer
	torn bool // the last line has no newline
}

// Write writes one line, which must end with a newline.
func (w *lineWriter) Write(line []byte) (int, error) {
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
