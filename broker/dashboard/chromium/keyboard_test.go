package chromium_test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// TestTab reaches everything that can be used with the Tab key, on each part of the page, but for what a picture has:
// that is reached with the arrow keys. Whatever has the focus can be seen, and shows that it has it.
func TestTab(t *testing.T) {
	ctx := testContext(t)
	s := serve(t, broker.Config{})
	id := fill(ctx, t, s)
	refuseDeadlock(ctx, t, s)
	b := jstest.Start(t)
	for _, hash := range []string{"", "#lock=orders/42", "#request=" + id.String(), "#deadlocks"} {
		p := openIn(ctx, t, b, s, hash)
		p.live()
		p.until("tools.visible('main a').length > 1")
		p.settle()
		p.run(`globalThis.want = new Set(
			tools.visible("a, button:not([tabindex='-1']), input, summary, [tabindex='0']"))`)
		for range eval[int](p, "want.size") + 5 {
			p.press(kb.Tab)
			problem := eval[string](p, `(() => {
				const focused = document.activeElement;
				if (focused === document.body) return "";
				want.delete(focused);
				const marked = focused.closest(".graph-item") ?? focused;
				const { outlineStyle, outlineWidth } = getComputedStyle(marked);
				const { top, bottom, left, right } = focused.getBoundingClientRect();
				const isMarked = outlineStyle !== "none" && parseFloat(outlineWidth) > 0;
				const isSeen = bottom > 0 && right > 0 && top < innerHeight && left < innerWidth;
				if (isMarked && isSeen) return "";
				return focused.outerHTML.slice(0, 200) + (isSeen ? " has no mark" : " is out of sight");
			})()`)
			if problem != "" {
				t.Errorf("at %q, what has the focus: %s", hash, problem)
			}
		}
		left := eval[[]string](p, `[...want]
			.filter((e) => e.isConnected && tools.isVisible(e))
			.map((e) => e.outerHTML.slice(0, 200))`)
		if len(left) > 0 {
			t.Errorf("at %q, the Tab key does not reach %q", hash, left)
		}
	}
}

// TestSkip skips the header with the first link of the page.
func TestSkip(t *testing.T) {
	ctx := testContext(t)
	p := openPage(ctx, t, serve(t, broker.Config{}), "")
	p.live()
	p.press(kb.Tab)
	p.until("tools.textOf(document.activeElement) === 'Skip to the content'")
	p.press(kb.Enter)
	p.until("document.activeElement.id === 'main'")
	p.sees("h1", "Locks") // the link is no part of the route
}

// TestFocus checks that whoever opens another part of the page with the keyboard is at its beginning.
func TestFocus(t *testing.T) {
	ctx := testContext(t)
	s := serve(t, broker.Config{})
	fill(ctx, t, s)
	p := openPage(ctx, t, s, "")
	p.until("tools.rows().length === 5")
	p.run("tools.rows()[0].querySelector('a').focus()")
	p.press(kb.Enter)
	p.sees("h1", "orders/42")
	p.until("document.activeElement.id === 'main'")
}

// TestReducedMotion checks that nothing moves for people who do not want that.
func TestReducedMotion(t *testing.T) {
	ctx := testContext(t)
	s := serve(t, broker.Config{})
	fill(ctx, t, s)
	p := openPage(ctx, t, s, "#lock=orders/42")
	p.prefer("prefers-reduced-motion", "reduce")
	p.until("tools.visible('svg').length > 0")
	holder := dialPeer(ctx, t, s, "late@host9:1")
	holder.wait("late", "orders/42")
	p.sees("h2", "4 waiters")
	for range 10 {
		moving := eval[[]string](p, `tools.frame().then(() =>
			document.getAnimations().map((a) => a.effect.target.outerHTML.slice(0, 100)))`)
		if len(moving) > 0 {
			t.Errorf("something moves: %q", moving)
		}
	}
}
