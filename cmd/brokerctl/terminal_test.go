package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/rogpeppe/go-internal/testscript"
)

// terminalCommands are for interactive programs. The ttyin command of testscript types everything at once. With these
// commands, a script waits for the screen before it presses the next key.
var terminalCommands = map[string]func(*testscript.TestScript, bool, []string){
	"terminal": openTerminal,
	"press":    pressKeys,
	"repeat":   repeatKeys,
	"screen":   awaitScreen,
	"written":  awaitWritten,
	"closed":   awaitClosed,
}

// A terminal is a pseudo-terminal with a program in it.
type terminal struct {
	keys *os.File
	ctx  context.Context
	done chan struct{} // closed when the program has ended and all its output was read
	end  *os.ProcessState

	mu      sync.Mutex
	screen  *vt.Emulator
	written []byte        // since the last key
	more    chan struct{} // holds a token when there is new output
}

// terminal COLUMNS ROWS COMMAND... starts a command in a terminal of the given size.
func openTerminal(ts *testscript.TestScript, _ bool, args []string) {
	columns, err := strconv.ParseUint(args[0], 10, 16)
	ts.Check(err)
	rows, err := strconv.ParseUint(args[1], 10, 16)
	ts.Check(err)
	command := exec.Command(lookPath(ts, args[2]), args[3:]...)
	for _, name := range []string{
		"PATH", "HOME", "WORK", "TMPDIR", "BROKERCTL_HOST", "BROKERCTL_PORT", "NO_COLOR", "GOCOVERDIR",
	} {
		if value := ts.Getenv(name); value != "" {
			command.Env = append(command.Env, name+"="+value)
		}
	}
	command.Env = append(command.Env, "TERM=xterm-256color")
	keys, err := startInTerminal(command, uint16(columns), uint16(rows))
	ts.Check(err)

	s := stageOf(ts)
	t := &terminal{
		keys: keys, ctx: s.ctx, done: make(chan struct{}),
		screen: vt.NewEmulator(int(columns), int(rows)), more: make(chan struct{}, 1),
	}
	// The emulator answers programs that ask what the terminal can do.
	go func() { _, _ = io.Copy(io.Discard, t.screen) }()
	go t.run(command)
	s.terminal = t
	ts.Defer(func() {
		_ = command.Process.Kill()
		<-t.done
	})
}

func (t *terminal) run(command *exec.Cmd) {
	defer close(t.done)
	_, _ = io.Copy(t, t.keys) // Ends when the program has ended.
	_ = command.Wait()
	t.end = command.ProcessState
	_ = t.keys.Close()
	_ = t.screen.InputPipe().(io.Closer).Close() // The method Close races with Read.
}

// Write handles the output of the program.
func (t *terminal) Write(text []byte) (int, error) {
	t.mu.Lock()
	t.written = append(t.written, text...)
	_, err := t.screen.Write(text)
	t.mu.Unlock()
	select {
	case t.more <- struct{}{}:
	default:
	}
	return len(text), err
}

// press KEYS types keys, and discards earlier output. An argument in double quotes is a Go string.
func pressKeys(ts *testscript.TestScript, _ bool, args []string) {
	t := stageOf(ts).terminal
	t.mu.Lock()
	t.written = nil
	t.mu.Unlock()
	_, err := t.keys.WriteString(text(ts, args[0]))
	ts.Check(err)
}

// repeat KEYS REGEXP types keys until the output since then matches. It types them again every two seconds, because a
// shell writes the name of a job before it gives the terminal to the job, and then ignores Ctrl-C.
func repeatKeys(ts *testscript.TestScript, _ bool, args []string) {
	t := stageOf(ts).terminal
	wanted := regexp.MustCompile(args[1])
	again := time.NewTicker(2 * time.Second)
	defer again.Stop()
	for pressKeys(ts, false, args[:1]); ; {
		t.mu.Lock()
		written := string(t.written)
		t.mu.Unlock()
		if wanted.MatchString(written) {
			return
		}
		select {
		case <-t.more:
		case <-again.C:
			_, err := t.keys.WriteString(text(ts, args[0]))
			ts.Check(err)
		case <-t.done:
			ts.Fatalf("no match for %s; the program has ended with %q", args[1], written)
		case <-t.ctx.Done():
			ts.Fatalf("no match for %s in time: %q", args[1], written)
		}
	}
}

// screen REGEXP waits until the screen matches. It looks at the screen and not at the output, because a program
// that redraws only what has changed may write a word in any number of pieces. With a !, it fails if the screen
// matches now.
func awaitScreen(ts *testscript.TestScript, neg bool, args []string) {
	stageOf(ts).terminal.await(ts, neg, args[0], func(t *terminal) string { return t.screen.String() })
}

// written REGEXP waits until the output since the last key matches, for example for colors or lines that have
// left the screen. With a !, it fails if the output matches now.
func awaitWritten(ts *testscript.TestScript, neg bool, args []string) {
	stageOf(ts).terminal.await(ts, neg, args[0], func(t *terminal) string { return string(t.written) })
}

// await waits until the result of read matches.
func (t *terminal) await(ts *testscript.TestScript, neg bool, pattern string, read func(*terminal) string) {
	wanted := regexp.MustCompile(pattern)
	for {
		t.mu.Lock()
		text := read(t)
		t.mu.Unlock()
		if matches := wanted.MatchString(text); matches && neg {
			ts.Fatalf("the text matches %s: %q", pattern, text)
		} else if matches || neg {
			return
		}
		select {
		case <-t.more:
		case <-t.done:
			ts.Fatalf("no match for %s; the program has ended with %q", pattern, text)
		case <-t.ctx.Done():
			ts.Fatalf("no match for %s in time: %q", pattern, text)
		}
	}
}

// closed CODE REGEXP waits for the end of the program and checks its exit code, or its signal, and its output
// since the last key.
func awaitClosed(ts *testscript.TestScript, _ bool, args []string) {
	t, wanted := stageOf(ts).terminal, regexp.MustCompile(args[1])
	select {
	case <-t.done:
	case <-t.ctx.Done():
		ts.Fatalf("the program does not end in time")
	}
	got := strconv.Itoa(t.end.ExitCode())
	if !t.end.Exited() {
		got = t.end.String()
	}
	if got != args[0] || !wanted.Match(t.written) {
		ts.Fatalf("the program has ended with %s, and has written %q", got, t.written)
	}
}

// lookPath finds a command in the PATH of the script.
func lookPath(ts *testscript.TestScript, name string) string {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if path := filepath.Join(dir, name); isFile(path) {
			return path
		}
	}
	ts.Fatalf("no command %s", name)
	return ""
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
