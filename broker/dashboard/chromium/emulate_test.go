package chromium_test

import (
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// size changes the size of the window, in CSS pixels.
func (p *page) size(width, height int64) {
	p.t.Helper()
	p.do(chromedp.EmulateViewport(width, height))
}

// prefer sets what the media queries of the page say, as "prefers-color-scheme", "dark".
func (p *page) prefer(feature, value string) {
	p.t.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: feature, Value: value}}}
	if _, err := chromedp.Call(p.Context, emulation.SetEmulatedMedia, media); err != nil {
		p.t.Fatal(err)
	}
}
