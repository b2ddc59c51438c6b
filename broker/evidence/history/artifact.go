package history

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"
)

// Save writes a history into a directory, for a person: the plan, the faults, the requests, the logs, and for each set
// of locks whose history is broken an HTML page by porcupine.
func (h *History) Save(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	files := map[string]string{
		"plan.txt": h.Plan.String(), "faults.txt": h.faults(), "requests.txt": list(h.Requests),
	}
	for name, log := range h.Logs {
		files[name+".log"] = log
	}
	for _, p := range partitions(h.Requests) {
		page, err := h.visualize(p)
		if err != nil {
			return err
		}
		if page != "" {
			files[strings.ReplaceAll(p.locks, "/", "-")+".html"] = page
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (h *History) faults() string {
	var b strings.Builder
	for _, n := range h.Notes {
		fmt.Fprintf(&b, "%s %s\n", seconds(n.Time), n.Text)
	}
	return b.String()
}

// list returns the requests in the order of their calls, a line each.
func list(requests []*Request) string {
	sorted := slices.Clone(requests)
	slices.SortFunc(sorted, func(a, b *Request) int { return cmp.Compare(a.Called, b.Called) })
	var b strings.Builder
	for _, q := range sorted {
		fmt.Fprintln(&b, q)
	}
	return b.String()
}

// visualize returns a page that shows why a partition is not linearizable, and "" if it is.
func (h *History) visualize(p partition) (string, error) {
	requests := shrink(p.requests)
	if requests == nil {
		return "", nil
	}
	_, info := porcupine.CheckOperationsVerbose(model, operations(requests), patience)
	first, last := span(requests)
	for _, n := range h.Notes {
		if n.Time >= first && n.Time <= last {
			info.AddAnnotations([]porcupine.Annotation{
				{Tag: "faults", Start: n.Time, End: n.Time, Description: n.Text},
			})
		}
	}
	var page bytes.Buffer
	err := porcupine.Visualize(model, info, &page)
	return page.String(), err
}

func span(requests []*Request) (first, last int64) {
	first = never
	for _, q := range requests {
		first, last = min(first, q.Called), max(last, q.Granted, q.Held)
	}
	return first, last
}
