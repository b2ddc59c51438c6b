package main

import "fmt"

const (
	mostFunctionLines = 60
	mostFileLines     = 400
	mostColumns       = 120
	tabColumns        = 8
)

// broken returns one line for each place that breaks a limit.
func (t *tree) broken() []string {
	var lines []string
	for _, f := range t.long {
		if !f.test {
			line := fmt.Sprintf("%s has %d lines, over %d", f.name, f.lines, mostFunctionLines)
			lines = append(lines, line)
		}
	}
	for _, f := range t.files {
		if !f.test && f.lines > mostFileLines {
			lines = append(lines, fmt.Sprintf("%s has %d lines, over %d", f.path, f.lines, mostFileLines))
		}
	}
	for _, p := range t.packages {
		for _, name := range p.undocumented {
			lines = append(lines, fmt.Sprintf("%s is exported and has no documentation", name))
		}
	}
	return lines
}
