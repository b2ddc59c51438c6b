package chromium_test

import (
	"slices"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// size changes the size of the window, in CSS pixels.
func (p *page) size(width, height int64) {
	p.t.Helper()
	p.do(chromedp.EmulateViewport(width, height))
}

// prefer sets what some media queries of the page say: "prefers-color-scheme", "dark" and so on, in pairs.
func (p *page) prefer(pairs ...string) {
	p.t.Helper()
	var media emulation.SetEmulatedMediaParams
	for pair := range slices.Chunk(pairs, 2) {
		media.Features = append(media.Features, &emulation.MediaFeature{Name: pair[0], Value: pair[1]})
	}
	if _, err := chromedp.Call(p.Context, emulation.SetEmulatedMedia, media); err != nil {
		p.t.Fatal(err)
	}
}
