package evidence

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
)

// The page says of each promise what attacks it.
func TestPageNamesEveryPromise(t *testing.T) {
	page := readPage(t)
	for _, p := range promise.All() {
		row := regexp.MustCompile(fmt.Sprintf(`(?m)^\| P%d [a-z -]+ \|.*(✓|[a-z]).*\|$`, int(p)))
		if !row.MatchString(page) {
			t.Errorf("the page has no row for %v", p)
		}
	}
}

// The page has a section for each folder that attacks promises.
func TestPageHasEveryMethod(t *testing.T) {
	page := readPage(t)
	folders, err := filepath.Glob("*/doc.go")
	if err != nil || len(folders) < 5 {
		t.Fatalf("found %v, %v", folders, err)
	}
	for _, file := range folders {
		if folder := filepath.Dir(file); !strings.Contains(page, "]("+folder+")") {
			t.Errorf("the page does not mention %s", folder)
		}
	}
}

func readPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}
