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

// A Browser is a Chromium of its own, without a window.
type Browser struct {
	ctx context.Context
}

// Start starts one, with these options beside the usual ones. When the test ends it is
// closed, and all its processes have to be gone.
func Start(t *testing.T, more ...chromedp.ExecAllocatorOption) *Browser {
	t.Helper()
	path := Program(t, "chromium", "chromium-browser", "google-chrome")
	options := append([]chromedp.ExecAllocatorOption{chromedp.ExecPath(path)}, chromedp.DefaultExecAllocatorOptions[:]...)
	allocator, end := chromedp.NewExecAllocator(context.Background(), append(options, more...)...)
	ctx, closeBrowser := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx); err != nil { // starts it
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
	Context context.Context // of chromedp
	Close   func()

	t *testing.T
}

// Open shows a page in a tab of its own, in a window of its own.
func (b *Browser) Open(t *testing.T, url string) *Tab {
	t.Helper()
	return b.open(t, url)
}

// Cover shows a page in a tab of the window of the tab that was opened last, which is hidden
// from then on.
func (b *Browser) Cover(t *testing.T, url string) *Tab {
	t.Helper()
	return b.open(t, url, chromedp.WithNewWindow(false))
}

func (b *Browser) open(t *testing.T, url string, options ...chromedp.ContextOption) *Tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(b.ctx, options...)
	t.Cleanup(closeTab)
	p := &Tab{ctx, closeTab, t}
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		t.Fatal(err)
	}
	return p
}

// In is the same tab for another test, a part of the one that has opened it.
func (p *Tab) In(t *testing.T) *Tab { return &Tab{p.Context, p.Close, t} }

// Run returns what the promise of the expression resolves with. It gives up when ctx
// ends.
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

// Evaluate is Run for the test's own goroutine.
func Evaluate[T any](ctx context.Context, p *Tab, expression string) T {
	p.t.Helper()
	value, err := Run[T](ctx, p, expression)
	if err != nil {
		p.t.Fatal(err)
	}
	return value
}

// descendants are the processes that a process has started, and those that these
// have.
func descendants(pid int) []int {
	children := make(map[int][]int)
	statuses, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range statuses {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
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

// waitGone waits until none of these processes runs any more, for 10 s at most, and
// returns those that do.
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

// commandLine is "" for a process that has ended, also while nobody has waited for it.
func commandLine(pid int) string {
	text, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	return strings.ReplaceAll(string(text), "\x00", " ")
}
