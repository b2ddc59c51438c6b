package jstest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// A Browser is a headless Chromium that belongs to one test.
type Browser struct {
	ctx context.Context
}

// Start starts a browser, with these options after the usual ones. It is closed when the test ends, and the test
// fails if one of its processes is left.
func Start(t testing.TB, more ...chromedp.ExecAllocatorOption) *Browser {
	t.Helper()
	path := Program(t, "chromium")
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path)}
	options = append(options, chromedp.DefaultExecAllocatorOptions[:]...)
	allocator, end := chromedp.NewExecAllocator(context.Background(), append(options, more...)...)
	ctx, closeBrowser := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx); err != nil { // starts the browser
		end()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		process := chromedp.FromContext(ctx).Browser.Process()
		all := append(descendants(process.Pid), process.Pid)
		closeBrowser()
		end()
		chromedp.FromContext(ctx).Allocator.Wait()
		for _, pid := range waitGone(all) {
			t.Errorf("process %d outlives the browser: %.200s", pid, commandLine(pid))
		}
	})
	return &Browser{ctx}
}

// A Tab shows a page.
type Tab struct {
	Context context.Context // for calls of chromedp
	Close   func()          // closes the tab

	t testing.TB
}

// Open shows a page in a new tab of a new window.
func (b *Browser) Open(t testing.TB, url string) *Tab {
	t.Helper()
	return b.open(t, url)
}

// Cover shows a page in a new tab of the latest window. That hides the tab that was opened before.
func (b *Browser) Cover(t testing.TB, url string) *Tab {
	t.Helper()
	return b.open(t, url, chromedp.WithNewWindow(false))
}

func (b *Browser) open(t testing.TB, url string, options ...chromedp.ContextOption) *Tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(b.ctx, options...)
	t.Cleanup(closeTab)
	p := &Tab{ctx, closeTab, t}
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		t.Fatal(err)
	}
	return p
}

// In returns the same tab for a subtest of the test that has opened it.
func (p *Tab) In(t testing.TB) *Tab { return &Tab{p.Context, p.Close, t} }

// Run evaluates an expression in the page, and returns the result of its promise. It gives up when ctx ends.
func Run[T any](ctx context.Context, p *Tab, expression string) (T, error) {
	inTab, cancel := context.WithCancel(p.Context)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	value, err := chromedp.Run(inTab, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		err = fmt.Errorf("%w: in the page: %s", err, expression)
	}
	return value, err
}

// Evaluate is Run for the goroutine of the test. It ends the test if the expression fails.
func Evaluate[T any](ctx context.Context, p *Tab, expression string) T {
	p.t.Helper()
	value, err := Run[T](ctx, p, expression)
	if err != nil {
		p.t.Fatal(err)
	}
	return value
}

// descendants returns the children of a process, their children, and so on.
func descendants(pid int) []int {
	children := make(map[int][]int)
	statuses, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range statuses {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // the process has ended
		}
		_, after, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(after)
		if len(fields) < 2 {
			continue
		}
		child, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		parent, _ := strconv.Atoi(fields[1])
		children[parent] = append(children[parent], child)
	}
	var all []int
	for todo := []int{pid}; len(todo) > 0; todo = todo[1:] {
		all = append(all, children[todo[0]]...)
		todo = append(todo, children[todo[0]]...)
	}
	return all
}

// waitGone waits at most 10 s until these processes have ended. It returns those that still run.
func waitGone(pids []int) []int {
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		var left []int
		for _, pid := range pids {
			if commandLine(pid) != "" {
				left = append(left, pid)
			}
		}
		if len(left) == 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			return left
		}
	}
}

// commandLine returns the command line of a process, and "" for a process that has ended or is a zombie.
func commandLine(pid int) string {
	text, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	return strings.ReplaceAll(string(text), "\x00", " ")
}
