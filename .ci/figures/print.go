package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// print writes the figures as text.
func (t *tree) print(w io.Writer) {
	longTests := 0
	for _, f := range t.long {
		if f.test {
			longTests++
		}
	}
	largest, largestTest := t.largest(false), t.largest(true)
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(format string, values ...any) { _, _ = fmt.Fprintf(columns, format+"\n", values...) }
	row("functions over %d lines\t%d", mostFunctionLines, len(t.long)-longTests)
	row("  in tests\t%d", longTests)
	row("largest file\t%d lines\t%s", largest.lines, largest.path)
	row("  in tests\t%d lines\t%s", largestTest.lines, largestTest.path)
	row("lines over %d columns\t%d", mostColumns, t.wide(false))
	row("  in tests\t%d", t.wide(true))
	row("")
	row("package\texported\twith members\tdocumented")
	for _, p := range t.packages {
		if p.members > 0 {
			row("%s\t%d\t%d\t%.1f %%", p.path, p.names, p.members, p.documented())
		}
	}
	_ = columns.Flush()
}

// printPlaces writes one line for each long function and for each file that has wide lines.
func (t *tree) printPlaces(w io.Writer) {
	_, _ = fmt.Fprintln(w)
	for _, f := range t.long {
		_, _ = fmt.Fprintf(w, "%s has %d lines\n", f.name, f.lines)
	}
	for _, f := range t.files {
		if f.wide > 0 {
			_, _ = fmt.Fprintf(w, "%s: %d wide lines\n", f.path, f.wide)
		}
	}
}

// largest returns the file with the most lines, among tests or among the other files.
func (t *tree) largest(test bool) file {
	of := slices.DeleteFunc(slices.Clone(t.files), func(f file) bool { return f.test != test })
	if len(of) == 0 {
		return file{path: "-"}
	}
	return slices.MaxFunc(of, func(a, b file) int { return cmp.Compare(a.lines, b.lines) })
}

// wide returns the number of wide lines, in tests or in the other files.
func (t *tree) wide(test bool) (n int) {
	for _, f := range t.files {
		if f.test == test {
			n += f.wide
		}
	}
	return n
}

// documented returns the share of exported names that have a comment, in per cent.
func (p *pkg) documented() float64 {
	return 100 * float64(p.members-len(p.undocumented)) / float64(p.members)
}
