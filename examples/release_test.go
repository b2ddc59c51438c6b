//go:build unix

package examples

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/brokertest/needs"
)

// TestReleaseNotes checks that the notes of a release are its section of the changelog, with links that work on
// another page.
func TestReleaseNotes(t *testing.T) {
	needs.Programs(t, "bash", "sed")
	changelog := `# Changelog

## [1.1.0] - 2027-01-02

### Added

- Second: [Guide](../broker/GUIDE.md), [SECURITY.md](SECURITY.md), [Go](https://go.dev).

## [1.1.0-old] - 2027-01-01

- Old.

## [1.0.0] - 2026-12-01

- First.
`
	const files = "https://github.com/lockbroker/lockbroker/blob/v1.1.0/"
	want := `### Added

- Second: [Guide](` + files + `broker/GUIDE.md), [SECURITY.md](` + files + `.github/SECURITY.md), [Go](https://go.dev).
`
	notes := func(version string) (string, error) {
		cmd := exec.CommandContext(testContext(t), "../.github/release-notes", version)
		cmd.Stdin = strings.NewReader(changelog)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if got, err := notes("v1.1.0"); err != nil || got != want {
		t.Errorf("%v, got\n%s\nwant\n%s", err, got, want)
	}
	if got, err := notes("v1.0.0"); err != nil || got != "- First.\n" {
		t.Errorf("%v, got\n%s", err, got)
	}
	want = "release-notes: the changelog has no section [1.2.0], or an empty one\n"
	if got, err := notes("v1.2.0"); err == nil || got != want {
		t.Errorf("%v, got\n%s\nwant\n%s", err, got, want)
	}
	// The newest section can be released: it has a version, and something in it.
	changelog = read(t, "../.github/CHANGELOG.md")
	_, newest, _ := strings.Cut(changelog, "\n## [")
	version, _, _ := strings.Cut(newest, "]")
	if got, err := notes("v" + version); err != nil || strings.Contains(got, "](../") {
		t.Errorf("v%s: %v, got\n%s", version, err, got)
	}
}
