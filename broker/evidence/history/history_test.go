//go:build linux

package history

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

var (
	histories = flag.Int("histories", 4, "how many histories TestHistories records")
	length    = flag.Duration("length", 8*time.Second, "how long faults last in each history")
	seed      = flag.Uint64("seed", 1, "the seed of the first history; the next ones have the next seeds")
	detector  = flag.Bool("detector", false, "build the broker and the workers with the race detector")
	settle    = flag.Duration("patience", patient, "how long anything may take that must happen after all faults")
	saveIn    = flag.String("save", "", "where broken histories are saved; default: a new temporary directory")
)

// TestMain sets a default for -parallel, because a history mostly waits.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "4"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m) // parses the flags
}

// TestHistories records histories of real processes under faults, and checks them.
func TestHistories(t *testing.T) {
	var flags []string
	if *detector {
		flags = append(flags, "-race")
	}
	programs, err := Build(t.Context(), t.TempDir(), flags...)
	if err != nil {
		t.Fatal(err)
	}
	programs.Node = jstest.Node(t).Args
	var mu sync.Mutex
	var sum Figures
	t.Run("recorded", func(t *testing.T) { // returns when all parallel subtests have ended
		for i := range *histories {
			plan := MakePlan(*seed+uint64(i), *length)
			plan.Patience = *settle
			t.Run(fmt.Sprintf("seed=%d", plan.Seed), func(t *testing.T) {
				t.Parallel()
				f := recordOne(t, plan, programs)
				mu.Lock()
				defer mu.Unlock()
				sum = sum.Add(f)
			})
		}
	})
	t.Logf("%d histories of %v: %v", *histories, *length, sum)
	checkFigures(t, sum)
}

// mostUnseen is the greatest share of the grants that may lack a sample, as one in that many. A grant has none if the
// process is frozen just then. It was one in 300 in 20 histories of 60 s at load 45, and one in 75 in the worst of
// them.
const mostUnseen = 20

// checkFigures fails if the histories could hardly have shown a violation.
func checkFigures(t *testing.T, f Figures) {
	if f.Unseen*mostUnseen > f.Granted {
		t.Errorf("%d of %d grants have no sample, so nearly nothing constrains them", f.Unseen, f.Granted)
	}
	if f.Watched == 0 {
		t.Error("no holder watched alone")
	}
}

// recordOne records and checks a history, and returns its figures.
func recordOne(t *testing.T, plan *Plan, programs Programs) Figures {
	h, err := Record(t.Context(), plan, programs)
	if h == nil {
		t.Fatal(err)
	}
	found := h.Check()
	for _, v := range found {
		t.Error(v)
	}
	if err != nil {
		t.Error(err)
	}
	if t.Failed() {
		t.Logf("%s\nrecord it again: go test ./broker/evidence/history -run TestHistories -histories 1 "+
			"-seed %d -length %v", save(t, h), plan.Seed, plan.Length)
	}
	f := Count(h.Requests)
	t.Logf("%d faults; %v", len(h.Notes), f)
	return f
}

// save saves a history, and says where.
func save(t *testing.T, h *History) string {
	t.Helper()
	dir := *saveIn
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "broken-history-"); err != nil { // it outlives the test
			t.Fatal(err)
		}
	}
	dir = filepath.Join(dir, fmt.Sprintf("seed-%d", h.Plan.Seed))
	if err := h.Save(dir); err != nil {
		t.Fatal(err)
	}
	return "saved in " + dir
}
