package broker_test

import (
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// This is the oracle of TestAccessMatrix. It reads the rules in the plainest way: one after another.

// may is the oracle: it reports whether some rule allows a verb on a lock.
func (m *matrix) may(c *matrixClient, verb, lock string) bool {
	for _, r := range m.rules {
		isFor := slices.ContainsFunc(r.who, func(who string) bool {
			if group, is := strings.CutPrefix(who, "group:"); is {
				return slices.ContainsFunc(c.groups, func(g string) bool { return matches(group, g) })
			}
			return matches(who, c.identity)
		})
		on := slices.ContainsFunc(r.locks, func(glob string) bool {
			return matches(strings.ReplaceAll(glob, "{identity}", c.identity), lock)
		})
		if isFor && on && slices.Contains(r.verbs, verb) {
			return true
		}
	}
	return false
}

func matches(glob, text string) bool {
	matched, err := doublestar.Match(glob, text)
	return matched && err == nil
}

// mayAnywhere reports whether some rule for the client has a verb, whatever its locks.
func (m *matrix) mayAnywhere(c *matrixClient, verb string) bool {
	return slices.ContainsFunc(m.rules, func(r matrixRule) bool {
		one := &matrix{rules: []matrixRule{{r.who, []string{"**"}, r.verbs}}}
		return one.may(c, verb, "x")
	})
}

// seesAll reports whether a rule lets a client list every lock, whatever its name.
func (m *matrix) seesAll(c *matrixClient) bool {
	return slices.ContainsFunc(m.rules, func(r matrixRule) bool {
		one := &matrix{rules: []matrixRule{r}}
		return slices.Contains(r.locks, "**") && one.may(c, "list", "x")
	})
}
