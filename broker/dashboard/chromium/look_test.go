package chromium_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

var screenshots = flag.String("screenshots", "", "a folder for the screenshots of TestStates; \"\": there are none")

// TestStates looks at each state in light and dark, on a wide and on a narrow screen: axe-core finds nothing that would
// keep people out, and nobody has to scroll sideways.
func TestStates(t *testing.T) {
	axe, err := os.ReadFile(filepath.Join(jstest.Tool(t, "axe-core"), "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	b := jstest.Start(t)
	for _, s := range states {
		t.Run(s.name, func(t *testing.T) {
			p := s.open(testContext(t), t, b)
			if strings.HasSuffix(s.name, "-locks") {
				p.until("tools.page.past.points.length > 1") // the plots show something
			}
			p.run("%s", raw(axe))
			for _, scheme := range []string{"light", "dark"} {
				p.prefer("prefers-color-scheme", scheme, "prefers-reduced-motion", "reduce")
				for _, width := range []int64{1280, 640, 320} { // 640: 1280 at a zoom of 200 %
					height := map[int64]int64{1280: 800, 640: 400, 320: 640}[width]
					p.size(width, height)
					p.run("scrollTo(0, 0); await tools.frame(); await tools.frame()")
					name := fmt.Sprintf("%s-%s-%d", s.name, scheme, width)
					p.fits(name)
					if width != 640 {
						p.isAccessible(name)
						p.shoot(name)
					}
				}
			}
		})
	}
}

// fits checks that nobody has to scroll sideways to read.
func (p *page) fits(name string) {
	p.t.Helper()
	wide := eval[string](p, `(() => {
		const { clientWidth, scrollWidth } = document.documentElement;
		if (scrollWidth <= clientWidth) return "";
		const all = [...document.querySelectorAll("body *")]
			.filter((e) => e.getBoundingClientRect().right > clientWidth + 1);
		return scrollWidth + " px: " + all.slice(0, 5).map((e) => e.outerHTML.slice(0, 200)).join("\n");
	})()`)
	if wide != "" {
		p.t.Errorf("%s: the page is wider than the window: %s", name, wide)
	}
}

// A finding is a rule of axe-core that the page breaks.
type finding struct {
	ID, Impact, Help string
	Nodes            []struct {
		HTML           string
		FailureSummary string
	}
}

func (p *page) isAccessible(name string) {
	p.t.Helper()
	const run = "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)"
	for _, f := range eval[[]finding](p, run) {
		nodes, _ := json.MarshalIndent(f.Nodes[:min(3, len(f.Nodes))], "", "  ")
		p.t.Errorf("%s: %s (%s): %s\n%s", name, f.ID, f.Impact, f.Help, nodes)
	}
}

// shoot writes a screenshot, if there is a folder for it.
func (p *page) shoot(name string) {
	p.t.Helper()
	if *screenshots == "" {
		return
	}
	png, err := chromedp.Run(p.Context, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(*screenshots, name+".png"), png, 0o644)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}
