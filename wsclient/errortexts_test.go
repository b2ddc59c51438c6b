package wsclient_test

import (
	"context"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

var update = flag.Bool("update", false, "rewrite testdata/wsclient/*.golden")

// A situation makes the client return errors, which it passes to told.
type situation struct {
	title  string
	config broker.Config
	act    func(s *scene)
}

// A scene is a broker in virtual time, with a client and somebody else, who may hold locks.
type scene struct {
	*testing.T
	broker *brokertest.Server
	dir    string // an empty directory
	link   *brokertest.Link
	client *wsclient.Client // over link
	other  *wsclient.Client
	told   []error
}

// tell notes errors for the golden file.
func (s *scene) tell(errs ...error) { s.told = append(s.told, errs...) }

// run plays a situation, and returns the errors.
func (x situation) run(t *testing.T) (told []error, sessions *strings.Replacer) {
	dir := t.TempDir() // outside the bubble: its removal may wait
	synctest.Test(t, func(t *testing.T) {
		b := brokertest.Start(t, x.config)
		defer b.Stop()
		s := &scene{T: t, broker: b, dir: dir, link: b.NewLink()}
		s.client = dial(t, b, wsclient.Options{Label: "shop", NetDial: s.link.Dial})
		s.other = dial(t, b, wsclient.Options{Label: "billing@host7:812", Author: "nightly_report"})
		sessions = strings.NewReplacer(s.client.Session(), "shop", s.other.Session(), "billing")
		x.act(s)
		told = s.told
		_ = s.client.Close()
	})
	return told, sessions
}

// sentinels are the errors that callers test for with errors.Is.
var sentinels = []struct {
	name string
	err  error
}{
	{"ErrBadRequest", wsclient.ErrBadRequest},
	{"ErrTimeout", wsclient.ErrTimeout},
	{"ErrUnavailable", wsclient.ErrUnavailable},
	{"ErrNotGranting", wsclient.ErrNotGranting},
	{"ErrDeadlock", wsclient.ErrDeadlock},
	{"ErrEvicted", wsclient.ErrEvicted},
	{"ErrNotFound", wsclient.ErrNotFound},
	{"ErrForbidden", wsclient.ErrForbidden},
	{"ErrTooMany", wsclient.ErrTooMany},
	{"ErrShuttingDown", wsclient.ErrShuttingDown},
	{"ErrReleased", wsclient.ErrReleased},
	{"ErrLost", wsclient.ErrLost},
	{"ErrClosed", wsclient.ErrClosed},
	{"ErrConnection", wsclient.ErrConnection},
	{"context.Canceled", context.Canceled},
	{"context.DeadlineExceeded", context.DeadlineExceeded},
}

// kinds returns the sentinels that err is, and the types that errors.As finds in it.
func kinds(err error) string {
	var all []string
	for _, s := range sentinels {
		if errors.Is(err, s.err) {
			all = append(all, s.name)
		}
	}
	if lost := new(wsclient.LostError); errors.As(err, &lost) {
		all = append(all, "LostError "+string(lost.Reason))
	}
	if errors.As(err, new(*wsclient.DialError)) {
		all = append(all, "DialError")
	}
	if errors.As(err, new(x509.UnknownAuthorityError)) {
		all = append(all, "x509.UnknownAuthorityError")
	}
	if errors.As(err, new(*wsclient.Error)) {
		all = append(all, "Error")
	}
	return strings.Join(all, ", ")
}

const errorTexts = `The errors of the Go client, each in a situation that causes it. Below each text is what errors.Is
and errors.As find in it. "shop" is the session of the client, and "billing" the session of another.
go test ./wsclient -run TestErrorTexts -update rewrites this file.
`

// Each error of the client reads as testdata/wsclient/errors.golden says, so that its wordings can be read in one
// place.
func TestErrorTexts(t *testing.T) {
	var text strings.Builder
	text.WriteString(errorTexts)
	for _, x := range situations() {
		t.Run(x.title, func(t *testing.T) {
			fmt.Fprintf(&text, "\n== %s\n", x.title)
			told, sessions := x.run(t)
			for _, err := range told {
				fmt.Fprintf(&text, "%s\n", sessions.Replace(plainTokens(err)))
				if err != nil {
					fmt.Fprintf(&text, "    %s\n", kinds(err))
				}
			}
		})
	}
	for _, x := range dialSituations() {
		t.Run(x.title, func(t *testing.T) {
			err := x.dial(t)
			fmt.Fprintf(&text, "\n== %s\n%v\n    %s\n", x.title, err, kinds(err))
		})
	}
	checkGolden(t, filepath.FromSlash("../testdata/wsclient/errors.golden"), text.String())
	for _, s := range sentinels {
		if !strings.Contains(text.String(), s.name) {
			t.Errorf("no situation causes %s", s.name)
		}
	}
	for _, reason := range []wsclient.LostReason{
		wsclient.LostConnection, wsclient.LostLease, wsclient.LostClosed,
		wsclient.LostExpired, wsclient.LostStolen, wsclient.LostEvicted,
	} {
		if !strings.Contains(text.String(), "LostError "+string(reason)) {
			t.Errorf("no situation causes a LostError with %s", reason)
		}
	}
}

var longToken = regexp.MustCompile(`token \d+(\d)\b`)

// plainTokens returns the text of err with tokens of one digit. Tokens begin at the wall clock.
func plainTokens(err error) string {
	if err == nil {
		return "no error"
	}
	return longToken.ReplaceAllString(err.Error(), "token $1")
}

func checkGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		var g, w string
		if i < len(gotLines) {
			g = gotLines[i]
		}
		if i < len(wantLines) {
			w = wantLines[i]
		}
		if g != w {
			t.Fatalf("%s:%d:\n got %s\nwant %s", file, i+1, g, w)
		}
	}
}
