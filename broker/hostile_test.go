package broker_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// hostile is text that disturbs a terminal or forges a log line if it is not quoted: an escape
// sequence, another in C1 form, a character that reverses text, and line ends.
const hostile = "\x1b[2J\u009b2J\u202e\u2066\u0085\u2028\n\r\x00\x7f\"audit\":true"

// The log and the audit quote and shorten every text that a client can send.
func TestHostileText(t *testing.T) {
	log := new(testLog)
	config := broker.Config{Logger: log.logger().Level(zerolog.DebugLevel), Drain: time.Second,
		ClientFiles: aClient, Dashboard: aPage}
	config.Audit = func(r broker.AuditRecord) error {
		line, err := json.Marshal(r)
		_, _ = log.Write(append(line, '\n'))
		return err
	}
	inBubble(t, config, func(r *rig) {
		fill := hostileFiller()
		a, b := r.connectHostile("a"), r.connectHostile("b")
		for _, frame := range []string{
			`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":NAME},{"name":TEXT}],"author":LONG}`,
			`{"type":"acquire","id":"aaaaaaaa--1","locks":[{"name":NAME}],"author":TEXT}`,
			`{"type":"acquire","id":TEXT,"locks":[{"name":NAME}],"author":TEXT,"steal":true}`,
			`{"type":"acquire","id":"aaaaaaaa--2","locks":[{"name":NAME}],"parent":TEXT}`,
			`{"type":"evict","id":"aaaaaaaa--3","request":TEXT,"message":TEXT}`,
			`{"type":"evict","id":TEXT,"request":"aaaaaaaa--0","message":LONG}`,
			`{"type":"info","id":"aaaaaaaa--4","match":TEXT}`,
			`{"type":"watch","id":"aaaaaaaa--5","match":TEXT}`,
			`{"type":"clients","id":"aaaaaaaa--7","client":TEXT}`,
			`{"type":"clients","id":"aaaaaaaa--8","session":TEXT,"requests":10}`,
			`{"type":"clients","id":"aaaaaaaa--9","remote":TEXT}`,
			`{"type":"release","id":TEXT}`, `{"type":"cancel","id":TEXT}`,
			`{"type":"why","id":"aaaaaaaa--6","request":TEXT}`,
			`{"type":TEXT}`, `TEXT`, `{TEXT:`, hostile,
		} {
			a.send("%s", fill.Replace(frame))
		}
		synctest.Wait()
		for _, frame := range []string{
			`{"type":"evict","id":"bbbbbbbb--0","request":"aaaaaaaa--1","message":LONG}`,
			`{"type":"acquire","id":"bbbbbbbb--1","locks":[{"name":NAME},{"name":TEXT}],` +
				`"author":LONG,"steal":true}`,
		} {
			b.send("%s", fill.Replace(frame))
		}
		synctest.Wait()
		r.sendHostileHTTP()
		_ = a.ws.WriteControl(websocket.CloseMessage,
			websocket.FormatCloseMessage(4000, hostile), time.Now().Add(time.Second))
		<-a.ended
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			r.server.Stop() // b still holds a lock, and the log says so
		}()
		<-b.ended
		<-stopped
	})
	checkHostileLog(t, log)
}

// hostileFiller replaces TEXT, LONG and NAME with hostile text, quoted as JSON.
func hostileFiller() *strings.Replacer {
	text, _ := json.Marshal(hostile)
	long, _ := json.Marshal(hostile + strings.Repeat("x", 200-len(hostile)))
	name, _ := json.Marshal(strings.Repeat(hostile, 20)[:500])
	return strings.NewReplacer("TEXT", string(text), "LONG", string(long), "NAME", string(name))
}

// sendHostileHTTP sends hostile text in the headers, the path and the query of requests.
func (r *rig) sendHostileHTTP() {
	r.t.Helper()
	raw := "\x80\x9b2J\u202e\u0085" // bytes that a header can contain
	for i, header := range []http.Header{
		upgradeHeader("Origin", "http://"+raw),
		upgradeHeader("Origin", "http://evil.test", "User-Agent", raw),
		upgradeHeader("Sec-Websocket-Version", raw), upgradeHeader("Sec-Websocket-Key", raw),
		upgradeHeader("Sec-Websocket-Protocol", raw), upgradeHeader("Sec-Websocket-Extensions", raw),
	} {
		r.next.Store(string(rune('c' + i)))
		_ = r.get("/ws?client="+url.QueryEscape(hostile), header).Body.Close()
	}
	_ = r.get("/client.js", http.Header{"Origin": {raw}}).Body.Close()
	_ = r.get("/"+url.PathEscape(hostile), nil).Body.Close()
	_ = r.get("/history?after="+url.QueryEscape(hostile),
		http.Header{"Host": {"localhost"}, "Origin": {raw}, "Sec-Fetch-Site": {raw}}).Body.Close()
}

// checkHostileLog checks that the log has a line for everything that the clients did, and that its
// lines are printable and short.
func checkHostileLog(t *testing.T, log *testLog) {
	t.Helper()
	for _, message := range []string{
		"session opened", "session ended", "evict", "evict refused", "steal", "steal refused",
		"draining", "still held", "refused a request", "refused an upgrade", "refused a message",
		`"event":"steal","outcome":"refused"`, `"event":"evict","outcome":"done"`,
	} {
		if len(log.lines(message)) == 0 {
			t.Errorf("no line of the log says %q: the test tests nothing", message)
		}
	}
	for _, line := range log.lines() {
		var value any
		if err := json.Unmarshal([]byte(line), &value); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		checkPrintable(t, line, value)
		if len(line) > 8<<10 {
			t.Errorf("a line of %d bytes: %.500s", len(line), line)
		}
	}
}

// checkPrintable checks every string in a log line, including those in arrays.
func checkPrintable(t *testing.T, line string, value any) {
	t.Helper()
	switch value := value.(type) {
	case string:
		unprintable := func(r rune) bool { return !strconv.IsPrint(r) || r == utf8.RuneError }
		if strings.ContainsFunc(value, unprintable) {
			t.Errorf("%q in the line %s", value, line)
		}
	case []any:
		for _, element := range value {
			checkPrintable(t, line, element)
		}
	case map[string]any:
		for key, element := range value {
			checkPrintable(t, line, key)
			checkPrintable(t, line, element)
		}
	}
}

// connectHostile opens a session with a hostile label.
func (r *rig) connectHostile(name string) *peer {
	r.t.Helper()
	r.next.Store(name)
	p := &peer{t: r.t, name: name, ended: make(chan struct{})}
	dialer := websocket.Dialer{Subprotocols: []string{wire.Subprotocol}, NetDialContext: r.server.Dial}
	ws, response, err := dialer.DialContext(context.Background(),
		r.server.URL()+"/ws?client="+url.QueryEscape(hostile), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	_ = response.Body.Close()
	p.ws = ws
	synctest.Wait()
	p.read()
	return p
}
