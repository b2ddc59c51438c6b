package model

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
)

// plantedFaults are faults of the product, or of what it assumes. The last define of each plants it. The promise must
// fail, which shows that its assertion can.
var plantedFaults = []struct {
	defines string
	formula string
	breaks  promise.Promise
}{
	{"NO_LEASE_MARGIN", "", promise.Lease},
	{"SKEW=2", "", promise.Lease}, // the clocks differ by more than the margin allows
	{"LEASE_FROM_ANSWER", "", promise.Lease},
	{"LEASE_FROM_GRANT", "", promise.Lease},
	{"CLOSE_INSTEAD_OF_SILENCE", "", promise.Lease},
	{"CRASHES=1 GOODBYE_WHILE_HOLDING", "", promise.Lease},
	{"FAULTS=1 ANSWER_BEFORE_GIVING_UP", "", promise.Lease},
	{"FAULTS=1 FREE_AFTER_ANY_END", "", promise.Lease},
	{"FAULTS=1 PROXY LOCK_DELAY NO_LOCK_DELAY", "", promise.Lease},
	{"GRANT_BEFORE_DROP", "", promise.Exclusion},
	{"TIMELESS CANCELS FORGET_CANCELLED_WAITER", "", promise.CleanGiveUp},
	{"TIMELESS CANCELS KEEP_HOLD_ON_CANCEL", "", promise.CleanGiveUp},
	{"TIMELESS CANCELS IGNORE_CANCEL_RACE", "", promise.CleanGiveUp},
	{"EVICTIONS=1 LOSS_NOT_TOLD", "", promise.LossTold},
	{"FAULTS=1 FORGET_RESUBMIT", "", promise.Resubmission},
	{"TIMELESS BOOTS=2 GRANTS=5 REUSE_TOKEN", "", promise.RisingTokens},
	{"TIMELESS BOOTS=2 GRANTS=5 GRANT_UNRESERVED", "", promise.TokenPause},
	{"BOOTS=1 SKIP_GRACE", "", promise.Grace},
	{"BOOTS=2 GRACE_NOT_RESTARTED", "", promise.Grace},
	{"TIMELESS FREEZES=1 GRANTS=4 NO_FENCE", "", promise.Fencing},
	{"FAULTS=1 SILENCE_UNNOTICED", "P7", promise.CrashRelease},
	{"FAULTS=1 FORGET_GRANT_AFTER_KEEPING", "P17", promise.Liveness},
}

func TestPlantedFaults(t *testing.T) {
	for _, f := range plantedFaults {
		s := search{defines: f.defines, formula: f.formula, planted: true}
		s.name = f.defines[strings.LastIndexByte(f.defines, ' ')+1:]
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			r := s.run(t)
			if r.violation == nil || r.violation.Promise != f.breaks {
				t.Fatalf("got %v %s, want a violation of %s\nTo repeat it, %s", r.violation, r.broken,
					f.breaks, s.commands())
			}
			if r.trail == "" {
				t.Error("there is no trail")
			}
			t.Logf("%v\n%s", r.violation, r.trail)
		})
	}
}

// TestEveryFaultIsPlanted compares the faults of the model with the list.
func TestEveryFaultIsPlanted(t *testing.T) {
	var listed, found []string
	for _, f := range plantedFaults {
		listed = append(listed, f.defines[strings.LastIndexByte(f.defines, ' ')+1:])
	}
	for line := range strings.SplitSeq(load(t).text, "\n") {
		if strings.HasPrefix(line, "#") && strings.Contains(line, "/* FAULT: ") {
			names := regexp.MustCompile(`[A-Z]+(_[A-Z]+)+`).FindAllString(line, -1)
			i := slices.IndexFunc(names, func(name string) bool { return slices.Contains(listed, name) })
			if i < 0 {
				t.Errorf("not listed: %s", line)
				continue
			}
			found = append(found, names[i])
		}
	}
	for _, name := range listed {
		if name != "SKEW=2" && !slices.Contains(found, name) {
			t.Errorf("the model has no fault %s", name)
		}
	}
}
