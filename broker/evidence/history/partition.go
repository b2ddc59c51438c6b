package history

import (
	"slices"
	"strings"
)

// A partition is the requests on a set of locks that no other request names.
type partition struct {
	locks    string // their names, for a file
	requests []*Request
}

// partitions divides the requests that were granted. Two locks are in the same partition if one request names both. So
// whether a partition is linearizable does not depend on the others.
func partitions(requests []*Request) []partition {
	parent := make(map[string]string) // a forest; a root is its own parent
	var root func(string) string
	root = func(name string) string {
		if _, ok := parent[name]; !ok {
			parent[name] = name
		}
		if parent[name] != name {
			parent[name] = root(parent[name])
		}
		return parent[name]
	}
	for _, q := range requests {
		for _, l := range q.Locks {
			parent[root(l.Name)] = root(q.Locks[0].Name)
		}
	}
	members := make(map[string][]*Request)
	for _, q := range requests {
		if q.Granted != 0 {
			r := root(q.Locks[0].Name)
			members[r] = append(members[r], q)
		}
	}
	var all []partition
	for r, its := range members {
		var names []string
		for name := range parent {
			if root(name) == r {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		all = append(all, partition{locks: strings.Join(names, "+"), requests: its})
	}
	slices.SortFunc(all, func(a, b partition) int { return strings.Compare(a.locks, b.locks) })
	return all
}
