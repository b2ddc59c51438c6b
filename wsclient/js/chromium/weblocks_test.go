package chromium_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// A behaviour is the report of one behaviour in test/weblocks.
type behaviour struct {
	Name    string
	Departs string // how Chromium's own lock manager departs from the specification
	Error   string // why it has failed
}

// A suite runs behaviours by their index in its list.
type suite struct {
	list []behaviour
	run  func(t *testing.T, index int) behaviour
}

// each runs all behaviours as subtests, and passes each report to check.
func (s suite) each(t *testing.T, check func(t *testing.T, b behaviour)) {
	t.Helper()
	if len(s.list) < 60 {
		t.Fatalf("%d behaviours, want at least 60", len(s.list))
	}
	names := make(map[string]bool)
	for i, b := range s.list {
		if names[b.Name] {
			t.Errorf("two behaviours are called %q", b.Name)
		}
		names[b.Name] = true
		t.Run(b.Name, func(t *testing.T) {
			got := s.run(t, i)
			if got.Name != b.Name {
				t.Fatalf("got the report of %q", got.Name)
			}
			check(t, got)
		})
	}
}

// inPage returns the suite in a page. contexts is a script that makes its contexts.
func inPage(ctx context.Context, p *jstest.Tab, contexts string) suite {
	list := jstest.Evaluate[[]behaviour](ctx, p, `(async () => {
		const { list, runOne } = await import('/test/weblocks/run.js');
		const contexts = await (`+contexts+`)();
		globalThis.run = (index) => runOne(index, contexts);
		return list;
	})()`)
	return suite{list, func(t *testing.T, index int) behaviour {
		return jstest.Evaluate[behaviour](ctx, p.In(t), fmt.Sprintf("run(%d)", index))
	}}
}

// TestNative checks the suite itself. A behaviour must pass on the browser's own lock manager, unless it is marked
// as a known departure from the specification.
func TestNative(t *testing.T) {
	ctx := testContext(t)
	page := jstest.Start(t).Open(t, servePages(t)+"/page.html")
	native := inPage(ctx, page, `async () => (await import('/test/weblocks/native.js')).contexts()`)
	native.each(t, func(t *testing.T, b behaviour) {
		switch {
		case b.Departs == "" && b.Error != "":
			t.Error(b.Error)
		case b.Departs != "" && b.Error == "":
			t.Errorf("passes: remove its mark: %s", b.Departs)
		case b.Departs != "":
			t.Logf("%s: %s", b.Departs, b.Error)
		}
	})
}

// follows requires that the client follows the specification without exception.
func follows(t *testing.T, b behaviour) {
	if b.Error != "" {
		t.Error(b.Error)
	}
}

func TestClientInChromium(t *testing.T) {
	ctx := testContext(t)
	pages := servePages(t)
	url := serveBroker(t, broker.Config{}, pages)
	page := jstest.Start(t).Open(t, pages+"/page.html")
	client := inPage(ctx, page, `async () => {
		const { contexts } = await import('/test/weblocks/client.js');
		return contexts(await import('/client.js'), '`+url+`');
	}`)
	client.each(t, follows)
}

func TestClientInNode(t *testing.T) {
	url := serveBroker(t, broker.Config{})
	var stderr bytes.Buffer
	cmd := jstest.Node(t, files+"/test/weblocks/node.js", files+"/client.js", url)
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	read := func(t *testing.T, value any) {
		t.Helper()
		lines.Scan()
		if err := json.Unmarshal(lines.Bytes(), value); err != nil {
			t.Fatalf("node printed %q: %v", lines.Text(), err)
		}
	}
	lines.Buffer(nil, 1<<20)
	var inNode suite
	inNode.run = func(t *testing.T, _ int) (b behaviour) {
		read(t, &b)
		return b
	}
	defer func() {
		// Node exits by itself when all clients are closed, or with the context of the test.
		if err := cmd.Wait(); err != nil {
			t.Errorf("node ended with %v\n%s", err, &stderr)
		}
	}()
	read(t, &inNode.list)
	inNode.each(t, follows)
}
