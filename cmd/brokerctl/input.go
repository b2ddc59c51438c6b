package main

import (
	"io"
	"io/fs"
	"os"
	"time"

	"golang.org/x/term"
)

// An input is the standard input of a command that goes on until its end.
type input struct{ file *os.File }

// openInput returns the standard input, or one that never ends if nobody could end it. Nobody can end a file, /dev/null
// (which a shell gives to what it starts in the background), or a pipe whose other end is closed, as under cron. The
// command calls it first, because the other end may be closed soon.
func openInput(file *os.File) input {
	info, err := file.Stat()
	switch {
	case err != nil:
		return input{}
	case info.Mode()&(fs.ModeNamedPipe|fs.ModeSocket) != 0 && isHeldOpen(file):
		return input{file}
	case term.IsTerminal(int(file.Fd())):
		ignoreBackground()
		return input{file}
	}
	return input{}
}

// pollForeground is how often a process in the background of its terminal looks whether it is in the foreground again: the
// shell sends no signal when fg brings a running job there.
const pollForeground = time.Second

// ended returns a channel that is closed at the end of the input. An input that cannot be read has no end: a terminal
// that has gone away, or one in whose background this process runs, as long as it is there.
func (i input) ended() <-chan struct{} {
	if i.file == nil {
		return nil
	}
	ended := make(chan struct{})
	go func() {
		for {
			if _, err := io.Copy(io.Discard, i.file); err == nil {
				close(ended)
				return
			}
			time.Sleep(pollForeground) //nolint:forbidigo // nothing tells of it: see pollForeground
		}
	}()
	return ended
}
