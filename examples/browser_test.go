//go:build unix

package examples

import (
	"bufio"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// inPage returns an expression whose promise is kept when the condition is true in the page.
func inPage(condition string) string {
	return fmt.Sprintf(`new Promise((yes) => {
		const look = () => { if (%s) yes(true); else requestAnimationFrame(look); };
		look();
	})`, condition)
}

// TestBrowser lets two people edit the text by turns, each in a tab. They see each other.
func TestBrowser(t *testing.T) {
	ctx := testContext(t)
	page := startPage(t)
	b := jstest.Start(t)
	ann, bob := b.Open(t, page), b.Open(t, page)
	status := `document.getElementById("status").textContent`
	people := `[...document.querySelectorAll("#people li")].map((li) => li.textContent).join(", ")`
	edit := func(name string) string {
		return fmt.Sprintf(`new Promise((clicked) => {
			document.getElementById("name").value = %q;
			document.getElementById("edit").click();
			clicked(true);
		})`, name)
	}
	save := func(text string) string {
		return fmt.Sprintf(`new Promise((clicked) => {
			document.getElementById("text").value = %q;
			document.getElementById("save").click();
			clicked(true);
		})`, text)
	}
	// The buttons work as soon as the client is connected.
	ready := inPage(`document.getElementById("edit").onclick`)
	jstest.Evaluate[bool](ctx, ann, ready)
	jstest.Evaluate[bool](ctx, bob, ready)

	jstest.Evaluate[bool](ctx, ann, edit("Ann"))
	jstest.Evaluate[bool](ctx, ann, inPage(status+` === "it is your turn"`))
	jstest.Evaluate[bool](ctx, bob, edit("Bob"))
	jstest.Evaluate[bool](ctx, ann, inPage(people+` === "Ann: writes, Bob: waits"`))
	jstest.Evaluate[bool](ctx, ann, save("Ann was here"))
	jstest.Evaluate[bool](ctx, bob, inPage(status+` === "it is your turn"`))
	jstest.Evaluate[bool](ctx, bob, inPage(`document.getElementById("text").value === "Ann was here"`))
	jstest.Evaluate[bool](ctx, ann, inPage(`document.getElementById("text").readOnly`))
	jstest.Evaluate[bool](ctx, bob, save("Bob, too"))
	jstest.Evaluate[bool](ctx, ann, inPage(`document.getElementById("text").value === "Bob, too"`))
	jstest.Evaluate[bool](ctx, ann, inPage(people+` === ""`))
}

// TestBrowserWithoutBroker kills the server while Ann writes and Bob waits. Their pages must say so, and must not show
// her as the one who writes. When the server is back, the pages show who writes then.
func TestBrowserWithoutBroker(t *testing.T) {
	ctx := testContext(t)
	program := build(t, "./browser")
	page, kill := runPage(t, program, "127.0.0.1:0")
	b := jstest.Start(t)
	ann, bob := b.Open(t, page), b.Open(t, page)
	tabs := []*jstest.Tab{ann, bob}
	edit := func(tab *jstest.Tab, name string) {
		jstest.Evaluate[bool](ctx, tab, inPage(`document.getElementById("edit").onclick`))
		jstest.Evaluate[bool](ctx, tab, fmt.Sprintf(`(() => {
			document.getElementById("name").value = %q;
			document.getElementById("edit").click();
			return true;
		})()`, name))
	}
	// connection is how the line about the connection begins, or "" if there is no such line.
	shows := func(tab *jstest.Tab, people, connection string) {
		t.Helper()
		jstest.Evaluate[bool](ctx, tab, inPage(fmt.Sprintf(`
			document.getElementById("people").innerText === %q &&
			document.getElementById("connection").innerText.split(" has ended")[0] === %q`,
			people, connection)))
	}
	shows(ann, "", "")
	edit(ann, "Ann")
	shows(ann, "Ann: writes", "")
	edit(bob, "Bob")
	for _, tab := range tabs {
		shows(tab, "Ann: writes\nBob: waits", "")
	}

	kill()
	address := strings.TrimSuffix(strings.TrimPrefix(page, "http://"), "/")
	notConnected := "Not connected: connection to ws://" + address + "/ws"
	for _, tab := range tabs {
		shows(tab, "", notConnected)
	}
	lost := `document.getElementById("status").innerText.startsWith('lock "document" (')`
	jstest.Evaluate[bool](ctx, ann, inPage(lost))

	runPage(t, program, address)
	for _, tab := range tabs {
		shows(tab, "Bob: writes", "")
	}
}

// TestBrowserLosesEarly evicts Ann while her page still loads the text. Then it must not say that it is her turn.
func TestBrowserLosesEarly(t *testing.T) {
	ctx := testContext(t)
	page := startPage(t)
	ann := jstest.Start(t).Open(t, page)
	jstest.Evaluate[bool](ctx, ann, inPage(`document.getElementById("edit").onclick`))
	// Each fetch waits until the test gives its answer.
	jstest.Evaluate[bool](ctx, ann, `(() => {
		globalThis.answers = [];
		globalThis.fetch = () => new Promise((answer) => answers.push((text) => answer(new Response(text))));
		document.getElementById("edit").click();
		return true;
	})()`)
	jstest.Evaluate[bool](ctx, ann, inPage(`answers.length === 1`))

	client, err := wsclient.Dial(ctx, page, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for lock, err := range client.Info(ctx, nil) {
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Evict(ctx, lock.Holders[0].ID, "time is up"); err != nil {
			t.Fatal(err)
		}
	}
	jstest.Evaluate[bool](ctx, ann, inPage(`answers.length === 2`)) // it loads the text again
	for i, text := range []string{"first", "second"} {
		jstest.Evaluate[bool](ctx, ann, fmt.Sprintf(`(answers[%d](%q), true)`, i, text))
		jstest.Evaluate[bool](ctx, ann,
			inPage(fmt.Sprintf(`document.getElementById("text").value === %q`, text)))
	}
	status := jstest.Evaluate[string](ctx, ann, `document.getElementById("status").textContent`)
	if !strings.Contains(status, "time is up") {
		t.Errorf("the page says %q", status)
	}
}

// startPage runs the example and returns the address that it prints.
func startPage(t *testing.T) string {
	t.Helper()
	url, _ := runPage(t, build(t, "./browser"), "127.0.0.1:0")
	return url
}

// runPage runs the example at that address. It returns the URL that the program prints, and a function that kills the
// program. Otherwise the program is stopped when the test ends.
func runPage(t *testing.T, program, address string) (url string, kill func()) {
	t.Helper()
	command := exec.Command(program, "--address="+address)
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	killed := false
	t.Cleanup(func() {
		if killed {
			return
		}
		_ = command.Process.Signal(syscall.SIGTERM)
		if err := command.Wait(); err != nil {
			t.Errorf("it ended with %v", err)
		}
	})
	kill = func() {
		killed = true
		_ = command.Process.Kill()
		_ = command.Wait()
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line), kill
}

// TestNode starts a deployment, which waits for the one before it, and is then made.
func TestNode(t *testing.T) {
	url := startBroker(t)
	client, err := wsclient.Dial(testContext(t), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	lock, err := client.Acquire(testContext(t), "deploy/production", nil)
	if err != nil {
		t.Fatal(err)
	}
	command := jstest.Node(t, "node/deploy.mjs", url, "production")
	var out, problems strings.Builder
	command.Stdout, command.Stderr = &out, &problems
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, url, func(locks map[string]wire.LockInfo) bool {
		waiters := locks["deploy/production"].Waiters
		return len(waiters) == 1 && waiters[0].Author == "deploy.mjs"
	})
	if err := lock.Release(); err != nil {
		t.Error(err)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("%v: %s", err, &problems)
	}
	want := "production: build\nproduction: copy\nproduction: switch over\n"
	if out.String() != want || problems.Len() > 0 {
		t.Errorf("it says %q, %q", &out, &problems)
	}
	until(t, url, func(locks map[string]wire.LockInfo) bool { return len(locks) == 0 })
}
