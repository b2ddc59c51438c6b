package chromium_test

import (
	"github.com/chromedp/chromedp"
)

// click clicks with the mouse on the first visible element that matches the selector and says exactly this, as soon as
// there is one. An element whose text is "" may say anything.
func (p *page) click(selector, text string) {
	p.t.Helper()
	p.until("tools.find(%s, %s)", selector, text)
	at := eval[[]float64](p, "tools.center(tools.find(%s, %s))", selector, text)
	p.do(chromedp.MouseClickXY(at[0], at[1]))
}

// press presses keys. Those that type nothing are in package kb.
func (p *page) press(keys string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(keys))
}

// fill replaces the text of an input by what is typed.
func (p *page) fill(selector, text string) {
	p.t.Helper()
	p.click(selector, "")
	p.run("document.querySelector(%s).select()", selector)
	if text == "" {
		p.press("\b")
		return
	}
	p.press(text)
}
