package etcdtest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// An ended is an end of the owner, and what the clients have noticed of it.
type ended struct {
	kind  string
	begin int64
	pause time.Duration  // the longest time without a grant
	until time.Duration  // from the end of the owner to the end of the pause
	held  int64          // by how many clients that are kept
	lost  map[string]int // how many of them have lost their locks, by the reasons
}

func (e ended) String() string {
	const format = "%s: no grant for %.3f s, until %.3f s after it; %d of %d holders have lost their locks"
	lines := []string{fmt.Sprintf(format, e.kind, e.pause.Seconds(), e.until.Seconds(), e.losses(), e.held)}
	for why, count := range e.lost {
		lines = append(lines, fmt.Sprintf("%d: %s", count, why))
	}
	return strings.Join(lines, "\n\t")
}

func (e ended) losses() (sum int64) {
	for _, count := range e.lost {
		sum += int64(count)
	}
	return sum
}

// summary describes ends by their kinds, and all that were not planned together.
func summary(ends []ended) string {
	byKind := make(map[string][]ended)
	for _, e := range ends {
		byKind[e.kind] = append(byKind[e.kind], e)
		if e.kind != planned.name {
			byKind["all but "+planned.name] = append(byKind["all but "+planned.name], e)
		}
	}
	var lines []string
	for kind, its := range byKind {
		lines = append(lines, fmt.Sprintf("%-38s %4d %s", kind, len(its), figures(its)))
	}
	slices.Sort(lines)
	head := fmt.Sprintf("%-38s %4s %-26s %-26s %s", "seconds, p50 p95 most:", "",
		"without a grant", "until granted again", "holders kept")
	return head + "\n" + strings.Join(lines, "\n")
}

func figures(ends []ended) string {
	var pauses, untils []time.Duration
	var held, lost int64
	for _, e := range ends {
		pauses, untils = append(pauses, e.pause), append(untils, e.until)
		held, lost = held+e.held, lost+e.losses()
	}
	share := 100 * float64(held-lost) / float64(max(held, 1))
	kept := fmt.Sprintf("%d of %d (%.1f %%)", held-lost, held, share)
	return fmt.Sprintf("%-26s %-26s %s", quantiles(pauses), quantiles(untils), kept)
}

func quantiles(all []time.Duration) string {
	slices.Sort(all)
	at := func(percent int) float64 { return all[(len(all)*percent+99)/100-1].Seconds() }
	return fmt.Sprintf("%7.3f %7.3f %7.3f", at(50), at(95), at(100))
}
