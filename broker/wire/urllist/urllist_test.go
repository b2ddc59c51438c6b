package urllist

import (
	"slices"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A list is split where the next address begins.
func TestSplit(t *testing.T) {
	for list, want := range map[string][]string{
		"":                           {""},
		"ws://a:1":                   {"ws://a:1"},
		"ws://a:1,ws://b:1":          {"ws://a:1", "ws://b:1"},
		"ws://a:1 ,  WSS://b:1":      {"ws://a:1", "WSS://b:1"},
		"ws://a/?x=1,2,https://b/,c": {"ws://a/?x=1,2", "https://b/,c"},
		"unix:/run/a,b,unix:/run/c":  {"unix:/run/a,b", "unix:/run/c"},
		"ws://a:1,b:1":               {"ws://a:1,b:1"},
		"ws://a:1,":                  {"ws://a:1,"},
		",ws://a:1":                  {"", "ws://a:1"},
	} {
		if got := Split(list); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", list, got, want)
		}
	}
}
