package chromium_test

import (
	"encoding/json"
	"flag"
	"testing"

	"github.com/lockbroker/lockbroker/wsclient/js/internal/errortexts"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

var update = flag.Bool("update", false, "write errors.golden")

// TestErrorTexts checks what the errors of the client say in a page.
func TestErrorTexts(t *testing.T) {
	ctx := testContext(t)
	pages := servePages(t)
	places, err := json.Marshal(errortexts.Places(t, pages))
	if err != nil {
		t.Fatal(err)
	}
	page := jstest.Start(t).Open(t, pages+"/page.html")
	got := jstest.Evaluate[[][2]string](ctx, page, `(async () => {
		const { connect } = await import('/client.js');
		const { errorTexts } = await import('/internal/errortexts/texts.js');
		return errorTexts({ connect, places: `+string(places)+` });
	})()`)
	errortexts.Check(t, "Chromium", got, *update)
}
