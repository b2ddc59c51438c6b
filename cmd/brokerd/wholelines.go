package main

import "io"

// wholeLines writes lines to a file that may have room for a part of one only, such as one on a full disk. Such a
// part ends before the next line begins, so that it does not spoil that.
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
