//go:build unix

package examples

import (
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// here is how a document that is also read elsewhere, such as on the page of npm, names a file of this
// repository.
const here = "https://github.com/lockbroker/lockbroker/blob/main/"

// TestLinks follows each link of each document to a file or folder of this repository, and to a
// heading in it.
func TestLinks(t *testing.T) {
	pages := markdown(t)
	links := 0
	for _, from := range pages {
		for _, link := range linksOf(read(t, filepath.Join("..", from))) {
			target, inside := strings.CutPrefix(link, here)
			if !inside && regexp.MustCompile(`^[a-z]+:`).MatchString(link) {
				continue
			}
			if !inside {
				target = path.Join(path.Dir(from), link)
			}
			links++
			file, anchor, _ := strings.Cut(target, "#")
			if strings.HasPrefix(link, "#") {
				file, anchor = from, link[1:]
			}
			followLink(t, from, link, file, anchor)
		}
	}
	if links < 50 {
		t.Errorf("found only %d links in %q", links, pages)
	}
}

func followLink(t *testing.T, from, link, file, anchor string) {
	t.Helper()
	if !filepath.IsLocal(file) {
		t.Errorf("%s: %s leads out of the repository", from, link)
		return
	}
	file = filepath.Join("..", file)
	if _, err := os.Stat(file); err != nil {
		t.Errorf("%s: %s: %v", from, link, err)
		return
	}
	if anchor != "" && !slices.Contains(anchors(read(t, file)), anchor) {
		t.Errorf("%s: %s: there is no such heading", from, link)
	}
}

// linksOf returns where the links and pictures of a document lead.
func linksOf(text string) []string {
	var links []string
	for _, m := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(withoutBlocks(text), -1) {
		link, err := url.PathUnescape(m[1])
		if err != nil {
			link = m[1]
		}
		links = append(links, link)
	}
	return links
}

// anchors returns the names under which GitHub links to the headings of a document.
func anchors(text string) []string {
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(withoutBlocks(text), -1) {
		name := strings.ToLower(strings.TrimSpace(m[1]))
		name = regexp.MustCompile(`[^\p{L}\p{N}_ -]`).ReplaceAllString(name, "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}

// withoutBlocks returns a document without its fenced blocks.
func withoutBlocks(text string) string {
	return regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(text, "")
}
