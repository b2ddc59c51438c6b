package history

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"syscall"
)

// A process is a running program. The kernel kills it if this process dies.
type process struct {
	name  string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	ended chan struct{} // closed when it has ended and everything that it wrote has been read

	mu       sync.Mutex
	log      bytes.Buffer // its standard error
	expected bool         // its end is not a surprise
	err      error        // of Wait
}

// start starts a program. The functions get what it writes, line by line, and after runs when it has ended.
func start(name string, args []string, env []string, onOut, onErr func(line string), after func(*process)) (*process,
	error) {
	p := &process{name: name, cmd: exec.Command(args[0], args[1:]...), ended: make(chan struct{})}
	p.cmd.Env = env
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdin, err1 := p.cmd.StdinPipe()
	stdout, err2 := p.cmd.StdoutPipe()
	stderr, err3 := p.cmd.StderrPipe()
	if err := errors.Join(err1, err2, err3, p.cmd.Start()); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p.stdin = stdin
	var reading sync.WaitGroup
	reading.Go(func() { lines(stdout, onOut) })
	reading.Go(func() {
		lines(stderr, func(line string) {
			p.write(line)
			onErr(line)
		})
	})
	go func() {
		defer close(p.ended)
		reading.Wait()
		err := p.cmd.Wait()
		p.mu.Lock()
		p.err = err
		p.mu.Unlock()
		after(p)
	}()
	return p, nil
}

// lines calls f for each line, to the end. The last line may be incomplete if the process was killed; it is dropped.
func lines(from io.Reader, f func(string)) {
	reader := bufio.NewReader(from)
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			return
		}
		f(line[:len(line)-1])
	}
}

func (p *process) write(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log.WriteString(line + "\n")
}

// logged returns what the process has written on its standard error.
func (p *process) logged() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// expectEnd says that the process will end soon.
func (p *process) expectEnd() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected = true
}

// surprise returns an error if the end of the process was not expected.
func (p *process) surprise() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.expected {
		return nil
	}
	return fmt.Errorf("%s has ended: %w\n%s", p.name, p.err, p.log.String())
}

// signal sends a signal. It does nothing if the process has ended.
func (p *process) signal(s syscall.Signal) {
	_ = p.cmd.Process.Signal(s) // the only error is that the process has ended
}

// kill kills the process, and returns when it has ended.
func (p *process) kill() {
	p.expectEnd()
	p.signal(syscall.SIGKILL)
	<-p.ended
}
