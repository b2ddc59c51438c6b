//go:build unix

package examples

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/access/oidc/oidctest"
	"github.com/lockbroker/lockbroker/broker/brokertest/needs"
)

const securityPage = ".github/SECURITY.md"

// A setUp follows a section of the page on security, in a folder of its own.
type setUp struct {
	t         *testing.T
	folder    string
	port      string
	programs  string
	variables string            // the lines that later blocks need: export, umask
	replace   map[string]string // in each command
}

// TestSetUps follows each set-up of the page on security. It saves each yaml block as policy.yaml, runs each sh block,
// and compares what it prints with the text block below. The broker listens on loopback, at another port. The issuer of
// tokens is one of the test's own.
func TestSetUps(t *testing.T) {
	needs.Program(t, "openssl")
	programs := installPrograms(t)
	issuer := oidctest.Start(t)
	for title, want := range map[string]int{
		"tokens between services": 7, "client certificates": 6, "tokens of an OpenID Connect issuer": 5,
	} {
		t.Run(title, func(t *testing.T) {
			s := &setUp{t: t, folder: t.TempDir(), port: freePort(t), programs: programs}
			s.replace = map[string]string{
				"0.0.0.0": "127.0.0.1 --port " + s.port, ":27002": ":" + s.port,
				"https://token.actions.githubusercontent.com": issuer.URL,
			}
			token := issuer.Token(oidctest.Claims{
				"aud": "lockbroker", "sub": "repo:example/shop:ref:refs/heads/main",
			}, time.Hour)
			s.save("job.token", token)
			if ran := s.follow(section(t, "## Set-up: "+title)); ran != want {
				t.Errorf("ran %d blocks, want %d", ran, want)
			}
		})
	}
}

// section returns the blocks of a section of the page on security.
func section(t *testing.T, heading string) []block {
	t.Helper()
	text := read(t, filepath.Join("..", securityPage))
	_, after, found := strings.Cut(text, heading+"\n")
	if !found {
		t.Fatalf("%s has no section %q", securityPage, heading)
	}
	after, _, _ = strings.Cut(after, "\n## ")
	return blocksOf(after)
}

// freePort returns a port that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// follow executes blocks, and returns how many commands it has run.
func (s *setUp) follow(blocks []block) (ran int) {
	s.t.Helper()
	for _, b := range blocks {
		switch b.language {
		case "yaml":
			s.save("policy.yaml", b.text)
		case "sh":
			s.run(b)
			ran++
		}
	}
	return ran
}

func (s *setUp) save(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.folder, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *setUp) run(b block) {
	s.t.Helper()
	text := b.text
	for from, to := range s.replace {
		text = strings.ReplaceAll(text, from, to)
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "export ") || strings.HasPrefix(line, "umask ") {
			s.variables += line
		}
	}
	cmd := exec.CommandContext(testContext(s.t), needs.Program(s.t, "sh"), "-euc", s.variables+text)
	cmd.Dir = s.folder
	cmd.Env = append(os.Environ(), "PATH="+s.programs+string(os.PathListSeparator)+os.Getenv("PATH"))
	if strings.HasPrefix(text, "brokerd ") {
		s.serve(cmd)
		return
	}
	var errors bytes.Buffer
	cmd.Stderr = &errors
	out, err := cmd.Output()
	durations := regexp.MustCompile(`[0-9]+d[0-9]+h`)
	got, want := durations.ReplaceAllString(string(out), "T"), durations.ReplaceAllString(b.output, "T")
	if err != nil || got != want {
		s.t.Fatalf("%s: %v\nit printed\n%s%s\n%s shows\n%s", text, err, &errors, out, securityPage, b.output)
	}
}

// serve runs the broker in the background until the test ends. It waits until the broker listens.
func (s *setUp) serve(cmd *exec.Cmd) {
	s.t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // sh may have a child
	stderr, err := cmd.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
		_, _ = io.Copy(io.Discard, stderr)
		_ = cmd.Wait()
	})
	awaitListening(s.t, stderr)
}
