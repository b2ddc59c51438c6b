//go:build unix

package examples

import (
	"os"
	"path/filepath"
	"testing"
)

// clone is how a page begins for someone who has no checkout. The tests have one.
const clone = "git clone https://github.com/lockbroker/lockbroker\ncd lockbroker\n"

// makeModule makes the reader's own module with the commands of the page. They are typed in a folder beside a link
// with the name of the clone, so that nothing is made in this repository. Go gets what the module needs from its
// cache, without a network.
func (r *reader) makeModule(t *testing.T, command string) {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.Symlink(root, filepath.Join(folder, "lockbroker")); err != nil {
		t.Fatal(err)
	}
	r.module = filepath.Join(folder, "here")
	if err := os.Mkdir(r.module, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"GOPROXY": "off", "GOSUMDB": "off", "GOWORK": "off"} {
		t.Setenv(name, value)
	}
	r.mustPrint(t, command, "")
	r.module = filepath.Join(folder, "hello")
}

// install runs the command of the page, which must install the two programs and nothing else.
func (r *reader) install(t *testing.T, command string) {
	t.Helper()
	bin := t.TempDir()
	t.Setenv("GOBIN", bin)
	r.mustPrint(t, command, "")
	entries, err := os.ReadDir(bin)
	if err != nil || len(entries) != 2 || entries[0].Name() != "brokerctl" || entries[1].Name() != "brokerd" {
		t.Errorf("%s has installed %v, %v; want brokerctl and brokerd", command, entries, err)
	}
}
