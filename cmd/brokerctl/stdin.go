package main

import (
	"io"
	"io/fs"
	"os"
	"time"

	"golang.org/x/term"
)

// stdin is the standard input of a command that runs until its input ends.
type stdin struct{ file *os.File }

// openStdin returns the standard input. It returns an input that never ends for a file, for /dev/null (which a shell
// gives to background commands), and for a pipe that has no writer and no unread data, as under cron: with these, the
// end of the input is no sign that the user wants to end the command. The command must call openStdin before anything
// else, because the other end may be closed soon.
func openStdin(file *os.File) stdin {
	info, err := file.Stat()
	switch {
	case err != nil:
		return stdin{}
	case info.Mode()&(fs.ModeNamedPipe|fs.ModeSocket) != 0 && isHeldOpen(file):
		return stdin{file}
	case term.IsTerminal(int(file.Fd())):
		ignoreBackground()
		return stdin{file}
	}
	return stdin{}
}

// pollForeground is the interval at which a process in the background of its terminal tries to read again. It must
// poll, because the shell sends no signal when fg brings a running job to the foreground.
const pollForeground = time.Second

// ended returns a channel that is closed when the input ends. Call it once, because it starts a goroutine that reads
// the input. An input that cannot be read has not ended: the terminal is gone, or this process is in the background.
func (i stdin) ended() <-chan struct{} {
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
			time.Sleep(pollForeground) //nolint:forbidigo // No event exists: see pollForeground.
		}
	}()
	return ended
}
