package mutation

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

var (
	full       = flag.Bool("full", false, "run each fault with each method that must find it, and write MATRIX.md")
	faultGlob  = flag.String("fault", "*", "run only faults whose names match one of these, separated by commas")
	onlyMethod = flag.String("method", "", "run only this method")
	all        = flag.Bool("all", false, "also run pairs of which nothing is expected")
)

// matrixFile has the results of the full run.
const matrixFile = "MATRIX.md"

const matrixHead = `# Planted faults, and what finds them

One row for each fault in [testdata/faults](testdata/faults). A number is how many seconds the method took to find the
fault, without the time of the compiler. "no" means that the method ran and did not find it. "-" means that the method
was not run, because it does not execute the code in question or is not expected to find the fault.

This command writes the page:

    go test ./broker/evidence/mutation -v -timeout 0 -run TestMatrix -full

A fault in the column "model" is planted in the model by hand, not in the product. That the model checker finds it shows
that the assertion works. It does not show that the model would notice such a fault in the code.

The cells come from several runs, on two processors that were very busy with other work. A method that takes random
steps may miss in the next run what it found in the last.

`

// A matrix has the cells of MATRIX.md, by the name of the fault and by the method.
type matrix map[string]map[string]string

// cellOf returns the cell for o.
func cellOf(o outcome) string {
	if o.verdict == found {
		return fmt.Sprintf("%.1f", o.took.Seconds())
	}
	if o.verdict == missed {
		return "no"
	}
	return "broken"
}

func (m matrix) set(f *fault, method, cell string) {
	if m[f.name] == nil {
		m[f.name] = make(map[string]string)
	}
	m[f.name][method] = cell
}

// String returns the page.
func (m matrix) String(faults []*fault) string {
	var b strings.Builder
	b.WriteString(matrixHead + "| fault | promise |")
	for _, method := range methods {
		b.WriteString(" " + method.name + " |")
	}
	b.WriteString("\n| --- | --- |" + strings.Repeat(" ---: |", len(methods)) + "\n")
	for _, f := range faults {
		fmt.Fprintf(&b, "| [%s](testdata/faults/%s.txt): %s | %s |", f.name[:2], f.name, f.title, f.promise)
		for _, method := range methods {
			cell := m[f.name][method.name]
			if cell == "" {
				cell = "-"
			}
			b.WriteString(" " + cell + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// readMatrix reads MATRIX.md, if there is one.
func readMatrix(t testing.TB, faults []*fault) matrix {
	t.Helper()
	m := make(matrix)
	text, err := os.ReadFile(matrixFile)
	if os.IsNotExist(err) {
		return m
	}
	if err != nil {
		t.Fatal(err)
	}
	var columns []string
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(line, "|\n "), " | ")
		if strings.HasPrefix(line, "| fault ") {
			columns = cells
		}
		for _, f := range faults {
			if !strings.Contains(cells[0], "("+"testdata/faults/"+f.name+".txt)") {
				continue
			}
			for i, cell := range cells {
				if i >= 2 && cell != "-" {
					m.set(f, columns[i], cell)
				}
			}
		}
	}
	return m
}

// isChosen reports whether the flags choose a pair.
func isChosen(t testing.TB, f *fault, method string) bool {
	chosen := false
	for glob := range strings.SplitSeq(*faultGlob, ",") {
		matches, err := path.Match(glob, f.name)
		if err != nil {
			t.Fatal(err)
		}
		chosen = chosen || matches
	}
	return chosen && (*onlyMethod == "" || *onlyMethod == method)
}

// TestMatrix runs each fault with each method that must find it.
func TestMatrix(t *testing.T) {
	if !*full {
		t.Skip("only with -full")
	}
	faults := loadFaults(t)
	c := newSourceCopy(t, faults)
	m := readMatrix(t, faults)
	for _, f := range faults {
		for _, method := range methods {
			args, expected := f.methods[method.name]
			if !isChosen(t, f, method.name) || !expected && (!*all || method.needsArgs) {
				continue
			}
			o := runPlanted(t, c, f, method, args)
			t.Logf("%s, %s: %s in %.1fs: %s", f.name, method.name, o.verdict, o.took.Seconds(), o.detail)
			m.set(f, method.name, cellOf(o))
			if expected && o.verdict != found {
				t.Errorf("%s: %s must find it: %s, %s", f.name, method.name, o.verdict, o.detail)
			}
			if err := os.WriteFile(matrixFile, []byte(m.String(faults)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// runPlanted switches f on and runs the method. Before that it checks that the same run passes without a fault.
func runPlanted(t testing.TB, c *sourceCopy, f *fault, m method, args []string) outcome {
	t.Helper()
	run := func(f *fault) outcome {
		off, err := c.switchOn(f)
		if err != nil {
			t.Fatal(err)
		}
		o := m.run(t.Context(), c, args)
		if err := off(); err != nil {
			t.Fatal(err)
		}
		return o
	}
	key := m.name + " " + strings.Join(args, " ")
	if !c.clean[key] {
		if o := run(nil); o.verdict != missed {
			o.verdict, o.detail = broken, fmt.Sprintf("without a fault: %s: %s", o.verdict, o.detail)
			return o
		}
		c.clean[key] = true
	}
	return run(f)
}

// TestMatrixPage: MATRIX.md has the present faults and their results. Each fault is found, and each method finds enough
// of them.
func TestMatrixPage(t *testing.T) {
	if *full {
		t.Skip("TestMatrix writes the page")
	}
	faults := loadFaults(t)
	m := readMatrix(t, faults)
	count := make(map[string]int)
	for _, f := range faults {
		isFound := false
		for _, method := range slices.Sorted(maps.Keys(f.methods)) {
			cell := m[f.name][method]
			if cell == "" || cell == "no" || cell == "broken" {
				t.Errorf("%s: %s must find it, and the page says %q", f.name, method, cell)
				continue
			}
			count[method]++
			isFound = true
		}
		if !isFound {
			t.Errorf("%s: no method finds it", f.name)
		}
	}
	for _, method := range methods {
		t.Logf("%s finds %d of %d faults", method.name, count[method.name], len(faults))
		if count[method.name] < method.least {
			t.Errorf("%s finds only %d faults, want %d", method.name, count[method.name], method.least)
		}
	}
	if len(faults) < 40 {
		t.Errorf("there are only %d faults", len(faults))
	}
	text, err := os.ReadFile(matrixFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != m.String(faults) {
		t.Error("the page does not have the present faults: run TestMatrix with -full")
	}
}
