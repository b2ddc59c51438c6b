package listen

import (
	"fmt"
	"strings"
	"testing"
)

// An address that is not plain is refused.
func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"127.0.0.1:27002":                            `{127.0.0.1 27002  0    false}`,
		"[::1]:0":                                    `{::1 0  0    false}`,
		"locks.example:65535":                        `{locks.example 65535  0    false}`,
		"unix:/run/b.sock":                           `{  /run/b.sock 384    false}`,
		"unix:/run//b.sock?mode=0660":                `{  /run/b.sock 432    false}`,
		"unix:/b?user=ann&group=7&mode=0":            `{  /b 0 ann 7  false}`,
		"systemd:locks":                              `{   0   locks false}`,
		"":                                           "error: want HOST:PORT",
		"[::1]:0?proxy-protocol=required":            `{::1 0  0    true}`,
		"127.0.0.1:1?":                               `{127.0.0.1 1  0    false}`,
		"systemd:a?proxy-protocol=required":          `{   0   a true}`,
		"127.0.0.1:1?proxy-protocol=optional":        "error: want required",
		"127.0.0.1:1?proxy-protocol":                 "error: want required",
		"127.0.0.1:1?mode=0600":                      "error: unknown setting",
		"127.0.0.1:1?proxy-protocol=required;mode=1": "error: want proxy-protocol=required",
		"systemd:?proxy-protocol=required":           "error: want the name of a socket",
		"unix:/b?proxy-protocol=required":            "error: unknown setting",
		":27002":                                     "error: want a host before the port",
		"127.0.0.1":                                  "error: want HOST:PORT",
		"::1:27002":                                  "error: want HOST:PORT",
		"localhost:http":                             "error: want a number",
		"localhost:65536":                            "error: want a number",
		"a b:1":                                      "error: want HOST:PORT",
		"unix:b.sock":                                "error: want an absolute path",
		"unix:@b":                                    "error: want an absolute path",
		"unix:":                                      "error: want an absolute path",
		"unix:/b?mode=999":                           "error: want an octal number",
		"unix:/b?mode=1777":                          "error: want an octal number",
		"unix:/b?mode=":                              "error: want an octal number",
		"unix:/b?user=":                              "error: want a name or a number",
		"unix:/b?mode=600&mode=666":                  `error: "mode" is given twice`,
		"unix:/b?owner=ann":                          "error: unknown setting",
		"unix:/b?mode=600;user=a":                    "error: want mode=",
		"systemd:":                                   "error: want the name of a socket",
	} {
		got, err := Parse(text)
		problem, isError := strings.CutPrefix(want, "error: ")
		switch {
		case isError && (err == nil || !strings.Contains(err.Error(), problem)):
			t.Errorf("%q: got %v, %v, want an error with %q", text, got, err, problem)
		case !isError && (err != nil || fmt.Sprint(got) != want):
			t.Errorf("%q: got %v, %v, want %s", text, got, err, want)
		}
	}
}

// Only the sockets that were meant for this process count.
func TestPassedNames(t *testing.T) {
	for text, want := range map[string]string{
		"7 2 a:b":  "[a b]",
		"8 2 a:b":  "[]",
		"7 0 -":    "[]",
		"7 -1 a":   "[]",
		"7 3 a:b":  "[]",
		"7 many a": "[]",
		"- 1 a":    "[]",
	} {
		values := strings.Fields(text)
		got := passedNames(7, func(name string) string {
			return map[string]string{
				"LISTEN_PID": values[0], "LISTEN_FDS": values[1], "LISTEN_FDNAMES": values[2],
			}[name]
		})
		if fmt.Sprint(got) != want {
			t.Errorf("%s: got %v, want %s", text, got, want)
		}
	}
}
