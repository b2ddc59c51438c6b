package wire

import (
	"errors"
	"fmt"

	"github.com/bmatcuk/doublestar/v4"
)

// checkGlob refuses a glob that is not valid, and one that could keep the
// broker busy: comparing takes time for each alternative of each name.
func checkGlob(match Opt[string], l Limits) error {
	glob, given := match.Get()
	if !given {
		return nil
	}
	if glob == "" {
		return errors.New("match: empty")
	}
	if err := checkText("match", glob, l.NameBytes); err != nil {
		return err
	}
	if !doublestar.ValidatePattern(glob) {
		return errors.New("match: not a valid glob")
	}
	if !fewAlternatives(glob) {
		return fmt.Errorf("match: more than %d alternatives", MaxAlternatives)
	}
	return nil
}

// fewAlternatives multiplies the alternatives of all braces of a valid glob,
// nested ones included, which is never less than the ways in which it branches.
func fewAlternatives(glob string) bool {
	ways := 1
	var open []int // how many alternatives each open brace has so far
	for i := 0; i < len(glob); i++ {
		switch last := len(open) - 1; {
		case glob[i] == '\\':
			i++
		case glob[i] == '{':
			open = append(open, 1)
		case glob[i] == ',' && last >= 0:
			open[last]++
		case glob[i] == '}' && last >= 0:
			ways *= open[last]
			open = open[:last]
		}
		if ways > MaxAlternatives {
			return false
		}
	}
	return true
}
