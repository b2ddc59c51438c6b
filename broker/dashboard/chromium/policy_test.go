package chromium_test

import (
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker"
)

// TestPolicy tries what an attacker would whose text had become a script or an element, and checks that the browser
// refuses it because of the Content-Security-Policy.
func TestPolicy(t *testing.T) {
	ctx := testContext(t)
	p := openPage(ctx, t, serve(t, broker.Config{}), "")
	p.expect("Content Security", "TrustedHTML", "TrustedScript", "requires")
	p.guard.host = "" // the guard also sees requests that the browser does not send
	p.live()
	const types = "require-trusted-types-for"
	tests := []struct{ what, try, directive string }{
		{"markup from text", "document.body.innerHTML = '<b>x</b>'", types},
		{"markup beside an element", "document.body.insertAdjacentHTML('beforeend', '<b>x</b>')", types},
		{"a document from text", "new DOMParser().parseFromString('<b>x</b>', 'text/html')", types},
		{"a lax policy", "trustedTypes.createPolicy('all', { createHTML: String })", "trusted-types"},
		{"a script from text", "setTimeout('alert(1)')", types},
		{"an inline script", `{
			const script = document.createElement('script');
			script.append('alert(1)');
			document.head.append(script);
		}`, types + " script-src-elem"},
		{"an inline style", "document.body.setAttribute('style', 'color: red')", "style-src-attr"},
		{"an image of another host", "new Image().src = 'http://localhost:1/x.png'", "img-src"},
		{"a request to another host", "fetch('http://localhost:1/').catch(() => {})", "connect-src"},
		{"a WebSocket to another host", "try { new WebSocket('ws://localhost:1/') } catch {}", "connect-src"},
		{"a frame", `{
			const frame = document.createElement('iframe');
			frame.src = 'http://localhost:1/';
			document.body.append(frame);
		}`, "frame-src"},
		{"a form", `{
			const form = document.createElement('form');
			form.action = 'http://localhost:1/';
			document.body.append(form);
			form.submit();
		}`, "form-action"},
		{"a base", `{
			const base = document.createElement('base');
			base.href = 'http://localhost:1/';
			document.head.append(base);
		}`, "base-uri"},
		{"a worker from text", "try { new Worker(URL.createObjectURL(new Blob(['1']))) } catch {}",
			types + " worker-src"},
	}
	for _, test := range tests {
		p.run("violations.length = 0")
		p.run("try { %s } catch (error) { if (!(error instanceof TypeError)) throw error; }", raw(test.try))
		p.until("violations.length > 0")
		got := eval[[]string](p, "violations")
		if directive, _, _ := strings.Cut(got[0], " "); !strings.Contains(test.directive, directive) {
			t.Errorf("%s: the violation is %q, want %s", test.what, got, test.directive)
		}
	}
	p.run("violations.length = 0; for (const e of document.querySelectorAll('iframe, body > form')) e.remove()")
}
