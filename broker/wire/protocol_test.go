package wire_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// The tables of codes in PROTOCOL.md are those of this package.
func TestProtocolTables(t *testing.T) {
	text, err := os.ReadFile("PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	var errors, closes, statuses [][]string
	for _, e := range wire.ErrorCodes() {
		errors = append(errors, []string{"`" + string(e.Code) + "`", string(e.Retry), e.Meaning})
	}
	for _, c := range wire.CloseCodes() {
		closes = append(closes, []string{strconv.Itoa(c.Code), string(c.Retry), c.Meaning})
	}
	for _, h := range wire.HTTPStatuses() {
		statuses = append(statuses, []string{strconv.Itoa(h.Code), string(h.Retry), h.Meaning})
	}
	for header, want := range map[string][][]string{
		"| Code | Retry | Meaning |":   errors,
		"| Close | Retry | Meaning |":  closes,
		"| Status | Retry | Meaning |": statuses,
	} {
		if got := table(page, header); !slices.EqualFunc(got, want, slices.Equal[[]string]) {
			text := render(header, want)
			t.Errorf("PROTOCOL.md: the table under %q differs from codes.go; want\n%s", header, text)
		}
	}
}

// table returns the rows of the table with that header.
func table(page, header string) [][]string {
	_, rest, _ := strings.Cut(page, "\n"+header+"\n")
	var rows [][]string
	for line := range strings.Lines(rest) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			break
		}
		if strings.HasPrefix(line, "| ---") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	return rows
}

// render returns a table as it should be on the page.
func render(header string, rows [][]string) string {
	var text strings.Builder
	text.WriteString(header + "\n| --- | --- | --- |\n")
	for _, row := range rows {
		text.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
	return text.String()
}
