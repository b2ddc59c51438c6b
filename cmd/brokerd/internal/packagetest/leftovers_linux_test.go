package packagetest

import (
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// files returns what has been created or changed on the machine, without what every use of dpkg and systemd changes.
func (m *machine) files(t *testing.T) []string {
	t.Helper()
	var all []string
	// In an overlay, a file of type c stands for a deleted file.
	for line := range strings.Lines(m.do(t, "find /run/changes -not -type c -printf '/%P\n'; "+
		"find /etc/systemd/system -type l -o -type f")) {
		file := strings.TrimSpace(line)
		if noise.MatchString(file) {
			continue
		}
		all = append(all, file)
	}
	slices.Sort(all)
	return all
}

// noise matches the databases of dpkg and systemd, logs, caches, and the files of all users, which useradd writes.
var noise = regexp.MustCompile(`^/(var/(lib/dpkg|log|cache|lib/systemd)|` +
	`etc/((passwd|group|shadow|gshadow|subuid|subgid)-?$|\.pwd\.lock))`)

// checkFiles checks that these files, and no others, are there that were not before. Folders that every machine has do
// not count.
func (m *machine) checkFiles(t *testing.T, before, want []string) {
	t.Helper()
	got := slices.DeleteFunc(m.files(t), func(file string) bool {
		_, err := os.Stat(path.Join(*root, file))
		return slices.Contains(before, file) || err == nil
	})
	if !slices.Equal(got, want) {
		t.Errorf("left are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
