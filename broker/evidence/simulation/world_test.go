package simulation

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
)

// The plans of the corpus break no promise. Each was once the smallest plan that showed a defect, planted or real.
func TestCorpus(t *testing.T) {
	for name, plan := range corpus(t) {
		t.Run(name, func(t *testing.T) { mustHold(t, plan, Options{}) })
	}
}

// corpus returns the plans of the corpus by the names of their files.
func corpus(t *testing.T) map[string]*Plan {
	t.Helper()
	files, err := filepath.Glob("testdata/plans/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("the corpus is empty: %v", err)
	}
	plans := make(map[string]*Plan)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if plans[filepath.Base(file)], err = ParsePlan(string(text)); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	return plans
}

// The same plan gives the same run: in one world after another, in a new world, and with another number of processors.
func TestDeterminism(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var world World
	for seed := uint64(1); seed <= 50; seed++ {
		runtime.GOMAXPROCS(1 + int(seed%4))
		plan := Generate(seed, 0)
		first, again := world.Run(plan, Options{}), Run(Generate(seed, 0), Options{Trace: new(bytes.Buffer)})
		if first.Hash != again.Hash || first.Steps != again.Steps {
			t.Fatalf("seed %d: hash %x after %d steps, and then %x after %d", seed,
				first.Hash, first.Steps, again.Hash, again.Steps)
		}
	}
}

// Other seeds give other runs.
func TestSeedsDiffer(t *testing.T) {
	seen := make(map[uint64]bool)
	for seed := uint64(1); seed <= 200; seed++ {
		seen[Run(Generate(seed, 0), Options{}).Hash] = true
	}
	if len(seen) < 200 {
		t.Errorf("200 seeds gave only %d different runs", len(seen))
	}
}

// A plan survives being written and read.
func TestPlanText(t *testing.T) {
	for seed := uint64(1); seed <= 200; seed++ {
		plan := Generate(seed, 0)
		text := plan.String()
		read, err := ParsePlan(text)
		if err != nil {
			t.Fatalf("seed %d: %v in\n%s", seed, err, text)
		}
		if again := read.String(); again != text {
			t.Fatalf("seed %d: read\n%s\nfrom\n%s", seed, again, text)
		}
		if a, b := Run(plan, Options{}), Run(read, Options{}); a.Hash != b.Hash {
			t.Fatalf("seed %d: the plan that was read gives another run", seed)
		}
	}
}

// Texts that are no plans are refused.
func TestBadPlanText(t *testing.T) {
	const broker = "broker seed 1 timeout 3s heartbeat 1s tokens 8 window 8 rate 1000000\n"
	for _, text := range []string{
		"", "brocker seed 1", broker + "client 1", broker + "client 1 rate", broker + "call 1 client 1 locks a",
		broker + "client 1 rate 1000000\ncall 1 client 1", broker + "fault hurt client 1",
		broker + "fault freeze", broker + "client 1 rate 1000000\ncall 1 client 1 locks a in 2",
	} {
		if _, err := ParsePlan(text); err == nil {
			t.Errorf("accepted %q", text)
		}
	}
}

// The smallest plan that breaks a promise is much smaller than the first one, and breaks the same promise. The broker
// of this world forgets to keep the locks of sessions whose clients may not know that they have ended.
func TestMinimise(t *testing.T) {
	options := Options{Break: FreesAtOnce}
	for seed := uint64(1); seed < 2000; seed++ {
		plan := Generate(seed, 0)
		result := Run(plan, options)
		if result.Violation == nil || len(plan.Faults) < 3 || len(plan.Calls) < 8 {
			continue
		}
		if result.Violation.Promise != promise.Lease {
			t.Errorf("seed %d: %v", seed, result.Err())
		}
		small := Minimise(plan, options)
		again := Run(small, options)
		if again.Violation == nil || again.Violation.Promise != promise.Lease {
			t.Fatalf("seed %d: the smallest plan breaks another promise: %v\n%s", seed, again.Err(), small)
		}
		if len(small.Clients) > 2 || len(small.Calls) > 2 || len(small.Faults) > 2 {
			t.Errorf("seed %d: %d clients, %d calls and %d faults are left of %d, %d and %d:\n%s", seed,
				len(small.Clients), len(small.Calls), len(small.Faults),
				len(plan.Clients), len(plan.Calls), len(plan.Faults), small)
		}
		if Run(small, Options{}).Violation != nil {
			t.Errorf("seed %d: the smallest plan breaks a promise in a world that is whole", seed)
		}
		return
	}
	t.Fatal("no schedule found the planted defect")
}

// In a world that is broken on purpose, the check of the promise notices. Planted faults in the product show the same
// of most checks: see package mutation.
func TestBreaks(t *testing.T) {
	for name, test := range map[string]struct {
		broken Break
		want   promise.Promise
	}{
		"a lock of a request is left out":   {DropsALock, promise.AllOrNothing},
		"a resource takes the stale writes": {TakesAllWrites, promise.Fencing},
	} {
		t.Run(name, func(t *testing.T) {
			var world World
			for seed := uint64(1); seed <= 2000; seed++ {
				result := world.Run(Generate(seed, 0), Options{Break: test.broken})
				if result.Violation == nil {
					continue
				}
				if got := result.Violation.Promise; got != test.want {
					t.Fatalf("seed %d: %v, want %v", seed, result.Err(), test.want)
				}
				return
			}
			t.Error("no schedule broke the promise")
		})
	}
}

// BenchmarkSchedules measures how fast the world runs on one processor.
func BenchmarkSchedules(b *testing.B) {
	var world World
	steps, seed := 0, uint64(0)
	for b.Loop() {
		seed++
		result := world.Run(Generate(seed, 0), Options{})
		if result.Violation != nil {
			b.Fatalf("seed %d: %v", seed, result.Err())
		}
		steps += result.Steps
	}
	b.ReportMetric(float64(seed)/b.Elapsed().Seconds(), "schedules/s")
	b.ReportMetric(float64(steps)/b.Elapsed().Seconds(), "steps/s")
}
