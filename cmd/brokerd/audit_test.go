//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/cmd/internal/cmdtest"
)

// audited returns the lines of an audit file.
func audited(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// awaitLines waits until an audit file has n lines: they are written shortly after what they are about.
func awaitLines(t *testing.T, path string, n int) {
	t.Helper()
	for ctx := testContext(t); len(audited(t, path)) < n; cmdtest.Pause(ctx) {
		if ctx.Err() != nil {
			t.Fatalf("%s has %q, want %d lines", path, audited(t, path), n)
		}
	}
}

// eventsOf returns the events of lines of an audit, each with its outcome.
func eventsOf(t *testing.T, lines []string) string {
	t.Helper()
	var all []string
	for _, line := range lines {
		var r broker.AuditRecord
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, strings.TrimSpace(fmt.Sprint(r.Event, " ", r.Outcome)))
	}
	return strings.Join(all, ", ")
}

// say sends a frame, and reads until the answer has the text.
func say(t *testing.T, conn *websocket.Conn, frame, want string) {
	t.Helper()
	if err := conn.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		t.Fatal(err)
	}
	hear(t, conn, want)
}

func hear(t *testing.T, conn *websocket.Conn, want string) {
	t.Helper()
	for {
		_, text, err := conn.ReadMessage()
		if err != nil {
			t.Fatalf("%v, before %s", err, want)
		}
		if strings.Contains(string(text), want) {
			return
		}
	}
}

// auditedBroker is a broker with an audit file, and with files that a test changes.
type auditedBroker struct {
	*reloadable
	path string
}

const stealPolicy = `rules:
  - for: ["**"]
    locks: ["jobs/*"]
    allow: [acquire, list]
  - for: [ann]
    locks: ["**"]
    allow: [steal, evict]
`

func startAudited(t *testing.T, more ...string) auditedBroker {
	t.Helper()
	r := &reloadable{t: t, directory: t.TempDir()}
	r.annToken, r.ann = newTestToken(t, "ann")
	r.bobToken, r.bob = newTestToken(t, "bob")
	a := auditedBroker{r, filepath.Join(r.directory, "audit.log")}
	r.daemon = startDaemon(t, append([]string{"--tokens=" + r.write("tokens", r.ann+r.bob),
		"--policy=" + r.write("policy.yaml", stealPolicy), "--audit=" + a.path}, more...)...)
	return a
}

// TestAuditPage checks that the page of brokerd shows a line of each kind as brokerd writes it.
func TestAuditPage(t *testing.T) {
	t.Parallel()
	a := startAudited(t)
	mustRefuse(t, websocket.DefaultDialer, a.url, "lbt_wrong")
	ann, bob := a.client(a.annToken), a.client(a.bobToken)
	bob.say(`{"type":"acquire","id":ID,"locks":[{"name":"jobs/1"}],"author":"nightly"}`, "granted")
	bob.say(`{"type":"acquire","id":ID,"locks":[{"name":"jobs/2"}],"author":"nightly"}`, "granted")
	bob.say(`{"type":"acquire","id":ID,"locks":[{"name":"secret/1"}]}`, "forbidden")
	bob.say(`{"type":"auth","id":ID,"token":"`+a.bobToken+`"}`, "authenticated")
	ann.say(`{"type":"evict","id":ID,"request":"`+bob.session+`--1","message":"stuck since noon"}`, "evicted")
	ann.say(`{"type":"acquire","id":ID,"locks":[{"name":"jobs/2"}],"author":"repair","steal":true}`, "granted")
	a.write("tokens", a.ann+"bob lbt_secret\n")
	a.reload("reload failed")
	a.write("tokens", a.ann)
	a.reload("reloaded")
	wantClosed(t, bob.conn, 4403)
	a.stop(t)
	lines := audited(t, a.path)
	const want = "start done, authentication refused, authentication accepted, authentication accepted, " +
		"forbidden refused, renewal accepted, evict done, steal done, reload failed, reload done, " +
		"access done, closed done, stop done"
	if got := eventsOf(t, lines); got != want {
		t.Errorf("the audit has %s,\nwant %s", got, want)
	}
	lines = append(lines[:3:3], lines[4:]...) // one of the two that are accepted
	gap := broker.AuditRecord{Event: broker.AuditDropped, Dropped: 512, Since: time.Unix(0, 0)}
	dropped, err := json.Marshal(gap)
	if err != nil {
		t.Fatal(err)
	}
	shown := strings.Join(append(lines, string(dropped)), "\n") + "\n"
	checkPage(t, a.general(shown, ann.session, bob.session))
}

// general replaces what differs from run to run.
func (a auditedBroker) general(text, ann, bob string) string {
	text = strings.ReplaceAll(text, a.directory, "/etc/lockbroker")
	text = regexp.MustCompile(`"(time|since)":"[^"]*"`).ReplaceAllString(text, `"$1":"2026-11-29T09:30:00.250Z"`)
	text = regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(text, "127.0.0.1:40100")
	return strings.NewReplacer(ann, "k3v9x2mq", bob, "p7d4w8zc").Replace(text)
}

// checkPage compares lines with those on the page of brokerd, or writes them there.
func checkPage(t *testing.T, lines string) {
	t.Helper()
	const page, before, after = "README.md", "<!-- audit -->\n```json\n", "```\n"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(text), before)
	shown, tail, found := strings.Cut(rest, after)
	if !found {
		t.Fatalf("%s has no lines of an audit", page)
	}
	if *update {
		if err := os.WriteFile(page, []byte(head+before+lines+after+tail), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if shown != lines {
		t.Errorf("%s should have\n%s(-update rewrites it)", page, lines)
	}
}

// A speaker is a client that counts its requests.
type speaker struct {
	t       *testing.T
	conn    *websocket.Conn
	session string
	n       int
}

func (r *reloadable) client(token string) *speaker {
	r.t.Helper()
	conn, hello := mustConnect(r.t, websocket.DefaultDialer, r.url, token)
	return &speaker{t: r.t, conn: conn, session: hello.Session}
}

// fill replaces ID in a frame by the next id.
func (s *speaker) fill(frame string) string {
	s.n++
	return strings.ReplaceAll(frame, "ID", fmt.Sprintf("%q", fmt.Sprintf("%s--%d", s.session, s.n-1)))
}

func (s *speaker) say(frame, want string) {
	s.t.Helper()
	say(s.t, s.conn, s.fill(frame), want)
}

// TestAuditFile checks the mode of the file, that a later run appends to it, that SIGHUP opens it again, and that a
// file that is full is renamed.
func TestAuditFile(t *testing.T) {
	t.Parallel()
	a := startAudited(t, "--audit-max-size=1", "--audit-max-files=2")
	a.client(a.annToken)
	info, err := os.Stat(a.path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("got %v, %v, want mode 0600", info, err)
	}
	awaitLines(t, a.path, 2)
	moved := a.path + ".1"
	if err := os.Rename(a.path, moved); err != nil {
		t.Fatal(err)
	}
	a.client(a.annToken)
	awaitLines(t, moved, 3)
	a.reload("reloaded")
	a.stop(t)
	got := eventsOf(t, audited(t, moved)) + " | " + eventsOf(t, audited(t, a.path))
	want := "start done, authentication accepted, authentication accepted | reload done, access done, stop done"
	if got != want {
		t.Errorf("the files have %s,\nwant %s", got, want)
	}

	a.daemon = startDaemon(t, "--audit="+a.path, "--audit-max-size=1", "--audit-max-files=2",
		"--tokens="+a.directory+"/tokens", "--policy="+a.directory+"/policy.yaml")
	s := a.client(a.annToken)
	refused := `{"type":"acquire","id":ID,"locks":[{"name":"` + strings.Repeat("x", 200) + `"}],"author":"` +
		strings.Repeat("y", 200) + `"}`
	for range 6000 {
		s.say(refused, "forbidden")
	}
	a.stop(t)
	files, err := filepath.Glob(filepath.Join(a.directory, "audit-*-size.log"))
	if err != nil || len(files) != 2 {
		t.Fatalf("the renamed files are %q, %v, want 2", files, err)
	}
	for _, file := range append(files, a.path) {
		if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 || info.Size() > 1<<20 {
			t.Errorf("%s: got %v, %v", file, info, err)
		}
		eventsOf(t, audited(t, file)) // each line is whole
	}
}

// startUnread starts a broker whose audit goes to a pipe that nobody reads, and connects a client.
func startUnread(t *testing.T) (r *reloadable, s *speaker, reader *os.File) {
	t.Helper()
	r = &reloadable{t: t, directory: t.TempDir()}
	token, line := newTestToken(t, "ann")
	path := filepath.Join(r.directory, "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	reader = open(t, path, os.O_RDONLY|syscall.O_NONBLOCK)
	cmd := exec.CommandContext(testContext(t), "brokerd", "--audit=-", "--port=0", "--drain=0s",
		"--tokens="+r.write("tokens", line), "--policy="+r.write("policy", stealPolicy))
	cmd.Stdout = open(t, path, os.O_WRONLY)
	r.daemon = &daemon{}
	r.process, r.log = startCommand(t, cmd, (*exec.Cmd).StderrPipe)
	r.url = "ws://" + r.until(t, "listening").Address
	return r, r.client(token), reader
}

// TestAuditHangsAtTheEnd checks that a broker ends although its audit hangs, and says how much is lost.
func TestAuditHangsAtTheEnd(t *testing.T) {
	t.Parallel()
	r, s, _ := startUnread(t)
	for range 1000 { // more than the pipe holds
		s.say(`{"type":"clients","id":ID}`, "forbidden")
	}
	r.signal(t, syscall.SIGTERM)
	r.until(t, "records are lost")
	r.rest(t)
	if err := r.wait(); err != nil {
		t.Errorf("brokerd ended with %v, want exit code 0", err)
	}
}

// TestAuditHangs checks that a broker whose audit goes nowhere serves on, says so, and goes on with the audit when it
// is read again. No record is missing without a count.
func TestAuditHangs(t *testing.T) {
	t.Parallel()
	r, s, reader := startUnread(t)
	const refused = 11_000
	for range refused {
		s.say(`{"type":"clients","id":ID}`, "forbidden")
	}
	r.until(t, "the audit cannot keep up")
	s.say(`{"type":"acquire","id":ID,"locks":[{"name":"jobs/1"}]}`, "granted")

	counted := make(chan [2]int64)
	go func() { counted <- count(reader) }()
	r.stop(t)
	if got := <-counted; got[0]+got[1] != refused || got[1] == 0 {
		t.Errorf("%d records are there, and %d were dropped: want %d together", got[0], got[1], refused)
	}
}

// count reads an audit until its end, and returns how many refusals it has, and how many records were dropped.
func count(file *os.File) (n [2]int64) {
	if err := syscall.SetNonblock(int(file.Fd()), false); err != nil {
		return n
	}
	decoder := json.NewDecoder(file)
	for {
		var r broker.AuditRecord
		if decoder.Decode(&r) != nil {
			return n
		}
		if r.Event == broker.AuditForbidden {
			n[0]++
		}
		n[1] += r.Dropped
		if r.Event == broker.AuditStop {
			return n
		}
	}
}

// TestAuditReader checks that records wait while the audit has no reader.
func TestAuditReader(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	reader := open(t, path, os.O_RDONLY|syscall.O_NONBLOCK)
	cmd := exec.CommandContext(testContext(t), "brokerd", "--audit=-", "--port=0", "--drain=0s")
	cmd.Stdout = open(t, path, os.O_WRONLY)
	d := &daemon{}
	d.process, d.log = startCommand(t, cmd, (*exec.Cmd).StderrPipe)
	_ = cmd.Stdout.(*os.File).Close()
	d.url = "ws://" + d.until(t, "listening").Address
	_ = reader.Close()

	conn, hello := mustConnect(t, websocket.DefaultDialer, d.url, "")
	steal := fmt.Sprintf(`{"type":"acquire","id":"%s--0","locks":[{"name":"a"}],"steal":true}`, hello.Session)
	say(t, conn, steal, "granted")
	if line := d.until(t, "cannot write the audit"); !strings.Contains(line.Error, "broken pipe") {
		t.Errorf("the log says %+v", line)
	}
	reader = open(t, path, os.O_RDONLY|syscall.O_NONBLOCK)
	if err := syscall.SetNonblock(int(reader.Fd()), false); err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(reader)
	d.signal(t, syscall.SIGTERM)
	var last broker.AuditRecord
	for stole := false; last.Event != broker.AuditStop; stole = stole || last.Event == broker.AuditSteal {
		if err := decoder.Decode(&last); err != nil || last.Event == broker.AuditStop && !stole {
			t.Fatalf("the audit has %+v, %v", last, err)
		}
	}
	d.rest(t)
	if err := d.wait(); err != nil {
		t.Error(err)
	}
}
