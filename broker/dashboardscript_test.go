package broker_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// aPage is the dashboard of the scripts. The last two files are not served.
var aPage = fstest.MapFS{
	"index.html":  {Data: []byte("<!doctype html>" + strings.Repeat(" ", 500) + "the page")},
	"main.js":     {Data: []byte("export {}")},
	"style.css":   {Data: []byte("body {}")},
	"icon.svg":    {Data: []byte("<svg/>")},
	"README.md":   {Data: []byte("for people")},
	"test/all.js": {Data: []byte("export {}")},
}

// TestDashboardScripts runs testdata/dashboard/*.txt. A script has prose, in lines that begin with #, and
// scenarios. A scenario has a title (==), perhaps a line of config, and steps: see the README in the folder.
// What a step has shown is indented beneath it. With -update the test rewrites the indented lines; read the
// difference before you keep it.
func TestDashboardScripts(t *testing.T) {
	files, err := filepath.Glob(filepath.FromSlash("../testdata/dashboard/*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts found: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.SplitAfter(string(text), "\n== ")
		played := parts[:1:1]
		for _, part := range parts[1:] {
			title, _, _ := strings.Cut(part, "\n")
			t.Run(filepath.Base(file)+"/"+title, func(t *testing.T) {
				played = append(played, playDashboard(t, part))
			})
		}
		result := strings.Join(played, "")
		if *update && result != string(text) {
			if err := os.WriteFile(file, []byte(result), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// playDashboard plays a scenario whose text begins with the rest of its title, and returns it with what its
// steps have shown.
func playDashboard(t *testing.T, text string) string {
	var result []string
	lines := strings.Split(text, "\n")
	synctest.Test(t, func(t *testing.T) {
		v := &viewing{t: t, config: broker.Config{Dashboard: aPage}}
		defer func() { v.finish() }()
		for i := 0; i < len(lines); i++ {
			line := lines[i]
			result = append(result, line)
			if i == 0 || strings.TrimSpace(line) == "" || line[0] == '#' || line == "== " {
				continue
			}
			got := v.step(line)
			var want []string
			for i+1 < len(lines) && strings.HasPrefix(lines[i+1], "  ") {
				want = append(want, strings.TrimPrefix(lines[i+1], "  "))
				i++
			}
			if !*update && !slices.Equal(got, want) {
				t.Errorf("%s\n got %s\nwant %s", line, strings.Join(got, "\n     "),
					strings.Join(want, "\n     "))
			}
			for _, shown := range got {
				result = append(result, "  "+shown)
			}
		}
	})
	return strings.Join(result, "\n")
}

// A viewing is a broker with a dashboard, and the clients and viewers of a scenario.
type viewing struct {
	t      *testing.T
	config broker.Config
	grace  time.Duration
	keys   *keys

	*rig  // nil until the first step that needs it
	peers map[string]*peer
	ids   map[string]string // of requests, by "client lock"; the latest
	asked int               // requests so far
	runs  []string          // of the broker, so far
	etags []string          // so far
	stuck chan struct{}
}

// start starts a broker, unless it runs.
func (v *viewing) start() {
	if v.rig != nil {
		return
	}
	v.config.Drain = 10 * time.Second
	b, err := broker.New(v.config)
	if err != nil {
		v.t.Fatal(err)
	}
	if v.grace > 0 {
		b.RigGrace(v.grace)
	}
	v.rig, v.peers, v.ids = newRig(v.t, b), map[string]*peer{}, map[string]string{}
	synctest.Wait()
}

// finish stops the broker, if it runs.
func (v *viewing) finish() {
	if v.rig == nil {
		return
	}
	v.unstick()
	for _, p := range v.peers {
		p.close()
	}
	v.server.Stop()
	v.rig = nil
}

func (v *viewing) unstick() {
	if v.stuck != nil {
		close(v.stuck)
		v.stuck = nil
		synctest.Wait()
	}
}

// step runs a line and returns what it shows.
func (v *viewing) step(line string) []string {
	v.t.Helper()
	words := strings.Fields(line)
	if words[0] == "config" {
		v.configure(words[1:])
		return nil
	}
	v.start()
	switch {
	case words[0] == "wait":
		d, err := time.ParseDuration(words[1])
		if err != nil {
			v.t.Fatal(err)
		}
		pass(d)
		synctest.Wait()
	case line == "restart":
		v.finish()
		v.start()
	case line == "drain":
		v.stopping()
	case line == "the loop is stuck":
		v.stuck = v.broker.Stick()
	case line == "the loop goes on":
		v.unstick()
	case line == "scrape":
		return []string{v.scrape()}
	case words[1] == "acquires" || words[1] == "releases":
		v.use(words[0], words[1], words[2], words[3:])
	default:
		return v.request(line)
	}
	return nil
}

// configure sets up the broker. A key may occur several times.
func (v *viewing) configure(words []string) {
	var rules, identities []string
	for _, word := range words {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "base-path":
			v.config.BasePath = value
		case "allowed-host":
			v.config.AllowedHosts = append(v.config.AllowedHosts, value)
		case "public-url":
			v.config.PublicURLs = append(v.config.PublicURLs, value)
		case "allow-origin":
			v.config.AllowOrigins = append(v.config.AllowOrigins, value)
		case "grace":
			v.grace, _ = time.ParseDuration(value)
		case "no-dashboard":
			v.config.Dashboard = nil
		case "may": // such as may=ann|**|list
			name, _, _ := strings.Cut(value, "|")
			identities, rules = append(identities, name), append(rules, value)
		default:
			v.t.Fatalf("config %s", word)
		}
	}
	if len(rules) > 0 {
		v.keys = newKeys(v.t, identities...)
		v.config.Access = v.keys.control(v.t, strings.Join(identities, " "), rules...)
	}
}

// use makes a client acquire a lock, perhaps inside another one that it holds, or release it.
func (v *viewing) use(client, verb, lock string, more []string) {
	p := v.peers[client]
	if p == nil {
		p = v.connect(client)
		v.peers[client] = p
	}
	key := client + " " + lock
	if verb == "acquires" {
		parent := ""
		if len(more) == 2 && more[0] == "inside" {
			parent = fmt.Sprintf(`,"parent":"%s"`, v.ids[client+" "+more[1]])
		}
		v.ids[key] = fmt.Sprintf("%s--%d", strings.Repeat(client, 8), v.asked)
		v.asked++
		p.send(`{"type":"acquire","id":"%s","locks":[{"name":"%s"}]%s}`, v.ids[key], lock, parent)
	} else {
		p.send(`{"type":"release","id":"%s"}`, v.ids[key])
	}
	synctest.Wait()
}

// scrape shows the metrics that the history keeps.
func (v *viewing) scrape() string {
	m := metricsOf(v.t, v.broker)
	return fmt.Sprintf("grants_total %v, waiting %v, longest_wait_seconds %v, longest_hold_seconds %v",
		m["grants_total"], m[`requests{state="waiting"}`], m["longest_wait_seconds"], m["longest_hold_seconds"])
}
