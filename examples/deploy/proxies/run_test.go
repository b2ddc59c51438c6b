//go:build linux

package proxies

import (
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest/needs"
)

// A run is a proxy that runs with its broker.
type run struct {
	recipe
	*lab
	t     *testing.T
	ports map[string]string // by the port in the file
	proxy *exec.Cmd
	text  string // of the file
}

// start runs the proxy of a recipe, and its broker with the command of the recipe and further flags. The idle timeout
// of the proxy is replaced if another one is given.
func (r recipe) start(t *testing.T, idle string, flags ...string) *run {
	t.Helper()
	needs.Program(t, r.program)
	if _, err := os.Stat(r.module); r.module != "" && err != nil {
		needs.Missing(t, "missing: "+r.module)
	}
	ports := freePorts(t, 4)
	s := &run{recipe: r, lab: newLab(t), t: t, ports: map[string]string{
		"443": ports[0], "8443": ports[1], "27002": ports[2], "27004": ports[3],
	}}
	s.text = s.adapted(idle)
	s.write(t, r.file, []byte(s.text))
	start(t, s.broker(flags))
	s.proxy = s.unprivileged(r.program, append(slices.Clone(r.args), s.path(r.file))...)
	t.Cleanup(s.untilQuiet) // after the proxy has ended
	start(t, s.proxy)
	return s
}

// untilQuiet waits until no process of the proxy listens. A worker may end a little later than the first process.
func (r *run) untilQuiet() {
	ticks := time.NewTicker(20 * time.Millisecond)
	defer ticks.Stop()
	late := time.After(10 * time.Second)
	for {
		conn, err := net.Dial("tcp", "127.0.0.1:"+r.ports["443"])
		if err != nil {
			return
		}
		_ = conn.Close()
		select {
		case <-ticks.C:
		case <-late:
			r.t.Errorf("%s has ended, but one of its processes still listens", r.program)
			return
		}
	}
}

// adapted returns the text of the recipe with the ports and paths of this test.
func (r *run) adapted(idle string) string {
	r.t.Helper()
	text := read(r.t, r.file)
	replace := slices.Clone(r.replace)
	if idle != "" {
		replace = append(replace, "60s", idle)
	}
	for _, port := range []string{"27002", "27004"} {
		if strings.Contains(text, ":"+port) {
			replace = append(replace, "127.0.0.1:"+port, "127.0.0.1:"+r.ports[port])
		}
	}
	for pair := range slices.Chunk(replace, 2) {
		if !strings.Contains(text, pair[0]) {
			r.t.Fatalf("%s has no %q", r.file, pair[0])
		}
		text = strings.ReplaceAll(text, pair[0], pair[1])
	}
	own := strings.NewReplacer("FOLDER", r.folder, "PORT443", r.ports["443"], "PORT8443", r.ports["8443"])
	return own.Replace(text)
}

// broker returns the command of the broker that the recipe begins with.
func (r *run) broker(flags []string) *exec.Cmd {
	r.t.Helper()
	var command []string
	for line := range strings.Lines(r.text) {
		if rest, ok := strings.CutPrefix(line, "#   "); ok {
			command = append(command, strings.TrimSuffix(strings.TrimSpace(rest), `\`))
		}
	}
	text := strings.Join(command, "")
	state := regexp.MustCompile(`--state-dir \S+`)
	if !strings.HasPrefix(text, "brokerd --base-path /locks ") || !state.MatchString(text) {
		r.t.Fatalf("%s begins with the command %q", r.file, text)
	}
	text = state.ReplaceAllString(text, "--state-dir "+r.t.TempDir())
	args := append([]string{"-c", "exec " + text + ` "$@"`, "sh"}, flags...)
	cmd := exec.CommandContext(testContext(r.t), needs.Program(r.t, "sh"), args...)
	cmd.Env = append(os.Environ(), "PATH="+programs)
	return cmd
}

// unprivileged returns a command of a user without privileges, in the folder of the test.
func (r *run) unprivileged(program string, args ...string) *exec.Cmd {
	r.t.Helper()
	cmd := exec.CommandContext(testContext(r.t), needs.Program(r.t, program), args...)
	cmd.Dir = r.folder
	cmd.Env = []string{"HOME=" + r.folder, "PATH=" + os.Getenv("PATH")}
	if os.Getuid() == 0 {
		nobody := &syscall.Credential{Uid: unprivileged, Gid: unprivileged}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: nobody}
	}
	return cmd
}

func (r *run) signal(s syscall.Signal) func() {
	return func() {
		if err := r.proxy.Process.Signal(s); err != nil {
			r.t.Error(err)
		}
	}
}

func (r *run) command(program string, args ...string) func() {
	return func() {
		if out, err := r.unprivileged(program, args...).CombinedOutput(); err != nil {
			r.t.Errorf("%s %s: %v\n%s", program, args, err, out)
		}
	}
}

// change adds the setting of the test to the file of the proxy, and makes the proxy read the file again.
func (r *run) change() {
	r.t.Helper()
	changed := strings.Replace(r.text, r.marker, r.setting+r.marker, 1)
	if changed == r.text {
		r.t.Fatalf("%s has no %q", r.file, r.marker)
	}
	r.write(r.t, r.file, []byte(changed))
	r.reload(r)()
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
