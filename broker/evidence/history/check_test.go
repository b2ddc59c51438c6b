package history

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/anishathalye/porcupine"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
)

// read makes requests of lines such as
//
//	x y:shared | token 7 called 1 granted 3 held 8 released 9
//
// Each is a request of a worker of its own.
func read(t *testing.T, text string) []*Request {
	t.Helper()
	var requests []*Request
	for line := range strings.Lines(text) {
		locks, times, ok := strings.Cut(strings.TrimSpace(line), " | ")
		if !ok {
			continue // an empty line
		}
		r := newRecorder(string(rune('A'+len(requests))), false)
		words := strings.Fields(times)
		token := words[1]
		for pair := range slices.Chunk(words[2:], 2) {
			verb, time := pair[0], pair[1]
			rest := map[string]string{"called": locks, "granted": token, "lost": "so", "failed": "no"}[verb]
			if err := r.add(strings.TrimSpace(time + " " + verb + " 0 " + rest)); err != nil {
				t.Fatal(err)
			}
		}
		requests = append(requests, r.all()...)
	}
	return requests
}

// goodHistories contradict nothing.
var goodHistories = map[string]string{
	"exclusive, one after the other": `
		x | token 1 called 1 granted 2 held 5 released 6
		x | token 2 called 3 granted 8 held 9 released 10`,
	"the next grant comes before the release is confirmed": `
		x | token 1 called 1 granted 2 held 5 released 9
		x | token 2 called 3 granted 7 held 12 released 13`,
	"a lost lock goes to others before the loss is noticed, after the last sample": `
		x | token 1 called 1 granted 2 held 5 lost 20
		x | token 2 called 3 granted 7 held 12 released 13`,
	"a worker that was frozen between the grant and its report": `
		x | token 1 called 1 granted 30 lost 31
		x | token 2 called 3 granted 7 held 12 released 13`,
	"a worker that died": `
		x | token 1 called 1 granted 2 held 5
		x | token 2 called 3 granted 7 held 12 released 13`,
	"an acquire without an answer": `
		x | token 0 called 1
		x | token 2 called 3 granted 7 held 12 released 13`,
	"tokens in the order of the grants, reports in another": `
		x | token 1 called 1 granted 9 held 9 released 10
		y | token 2 called 1 granted 3 held 4 released 5`,
	"readers together, then a writer": `
		x:shared | token 1 called 1 granted 2 held 8 released 9
		x:shared | token 2 called 1 granted 3 held 6 released 9
		x        | token 3 called 3 granted 10 held 12 released 13`,
	"as many holders as the semaphore admits": `
		x:shared:2 | token 1 called 1 granted 2 held 8 released 9
		x:shared:2 | token 2 called 1 granted 3 held 5 released 6
		x:shared:2 | token 3 called 3 granted 7 held 12 released 13`,
	"both locks of a pair, then one": `
		x y | token 1 called 1 granted 2 held 5 released 6
		y   | token 2 called 3 granted 8 held 9 released 10
		x   | token 3 called 3 granted 9 held 10 released 11`,
	"different locks": `
		x | token 1 called 1 granted 2 held 5 released 6
		y | token 2 called 3 granted 4 held 9 released 10`,
}

func TestGoodHistories(t *testing.T) {
	for name, text := range goodHistories {
		t.Run(name, func(t *testing.T) {
			requests := read(t, text)
			if !porcupine.CheckOperations(model, operations(requests)) {
				t.Error("porcupine refuses it")
			}
			for _, v := range Check(requests) {
				t.Error(v)
			}
			if part := shrink(requests); part != nil {
				t.Errorf("shrink returns %v", part)
			}
		})
	}
}

// badHistories contradict a promise.
var badHistories = []struct {
	name, text string
	broken     promise.Promise
}{
	{"two exclusive holders", `
		x | token 1 called 1 granted 2 held 5 released 6
		x | token 2 called 1 granted 4 held 9 released 10`, promise.Exclusion},
	{"an exclusive holder that noticed its loss too late", `
		x | token 1 called 1 granted 2 held 5 lost 6
		x | token 2 called 1 granted 4 held 9 released 10`, promise.Lease},
	{"a worker that was frozen while its lock was granted, lost, and granted to others", `
		x | token 2 called 1 granted 2 held 5 released 6
		x | token 1 called 1 granted 4 held 9 lost 10`, promise.Lease},
	{"an exclusive holder whose worker died too late", `
		x | token 1 called 1 granted 2 held 5
		x | token 2 called 1 granted 4 held 9 released 10`, promise.Lease},
	{"a token that falls", `
		x | token 2 called 1 granted 2 held 5 released 6
		x | token 1 called 7 granted 8 held 9 released 10`, promise.RisingTokens},
	{"a token that is granted twice", `
		x | token 1 called 1 granted 2 held 5 released 6
		x | token 1 called 7 granted 8 held 9 released 10`, promise.RisingTokens},
	{"a token that falls between calls at the same time", `
		x | token 2 called 1 granted 3 held 5 released 6
		x | token 1 called 2 granted 8 held 9 released 10`, promise.Exclusion},
	{"a token that falls on another lock", `
		x | token 2 called 1 granted 2 held 5 released 6
		y | token 1 called 7 granted 8 held 9 released 10`, promise.RisingTokens},
	{"two writers", `
		x:shared | token 1 called 1 granted 2 held 3 released 4
		x        | token 2 called 1 granted 5 held 8 released 9
		x        | token 3 called 1 granted 7 held 10 released 11`, promise.Exclusion},
	{"a reader with a writer", `
		x:shared | token 1 called 1 granted 2 held 8 released 9
		x        | token 2 called 1 granted 5 held 7 released 9`, promise.Exclusion},
	{"one holder too many in a semaphore", `
		x:shared:2 | token 1 called 1 granted 2 held 8 released 9
		x:shared:2 | token 2 called 1 granted 3 held 8 released 9
		x:shared:2 | token 3 called 1 granted 4 held 8 released 9`, promise.Exclusion},
	{"one holder too many for the least limit", `
		x:shared:2 | token 1 called 1 granted 2 held 8 released 9
		x:shared   | token 2 called 1 granted 3 held 8 released 9
		x:shared:5 | token 3 called 1 granted 4 held 8 released 9`, promise.Exclusion},
	{"half of a pair is held by another", `
		x y | token 1 called 1 granted 2 held 5 released 6
		y   | token 2 called 3 granted 4 held 9 released 10`, promise.AllOrNothing},
}

func TestBadHistories(t *testing.T) {
	for _, bad := range badHistories {
		t.Run(bad.name, func(t *testing.T) {
			requests := read(t, bad.text)
			// Without the help of overlap, porcupine must refuse it. It does not compare tokens of
			// locks that have nothing to do with each other.
			if len(partitions(requests)) == 1 && porcupine.CheckOperations(model, operations(requests)) {
				t.Error("porcupine accepts it")
			}
			found := Check(requests)
			if len(found) == 0 || found[0].Promise != bad.broken {
				t.Errorf("found %v, want %v", found, bad.broken)
			}
		})
	}
}

// TestLateness lets a holder go on for 100 ms after its loss, and then for longer.
func TestLateness(t *testing.T) {
	for held, late := range map[string]bool{"100000003": false, "100000004": true} {
		found := Check(read(t, "x | token 1 called 1 granted 2 held "+held+" lost-at 3 lost 200000000"))
		if late != (len(found) == 1 && found[0].Promise == promise.LossTold) {
			t.Errorf("held until %s: found %v", held, found)
		}
	}
}

// TestShrink puts a broken pair into a long history, and finds it again.
func TestShrink(t *testing.T) {
	var text strings.Builder
	for range 40 {
		text.WriteString("x | token 1 called 1 granted 2 held 5 released 6\n")
	}
	requests := read(t, text.String())
	for i, q := range requests {
		at := int64(10 * i)
		q.Token, q.Called, q.Granted, q.Held, q.Ended = int64(i+1), at, at+2, at+5, at+6
	}
	if part := shrink(requests); part != nil {
		t.Fatalf("shrink finds %v in a good history", part)
	}
	// The last request has a smaller token than the one before, and both were called at the same time.
	last := requests[len(requests)-1]
	last.Token, last.Called = requests[len(requests)-2].Token-1, 0
	if part := shrink(requests); len(part) != 2 || !slices.Contains(part, last) {
		t.Errorf("shrink returns %v, want two requests, with %v", part, last)
	}
}

// TestCount counts a request of each kind.
func TestCount(t *testing.T) {
	requests := read(t, `
		x | token 1 called 1 granted 2 held 3 released 4
		x | token 2 called 1 granted 2 held 3 lost 4
		x | token 0 called 1 failed 4
		x | token 3 called 1 granted 2 held 3
		x | token 4 called 1 granted 2 lost-at 3 lost 4
		x | token 0 called 1`)
	requests[4].Watched = true
	want := Figures{
		Requests: 6, Granted: 4, Released: 1, Lost: 2, Failed: 1, Died: 1, Unanswered: 1,
		Unseen: 1, Watched: 1, Told: 1,
	}
	if got := Count(requests); got != want {
		t.Errorf("counted %v, want %v", got, want)
	}
}

// TestRecorderRefuses gives a recorder events that no worker reports.
func TestRecorderRefuses(t *testing.T) {
	for _, lines := range [][]string{
		{"1 held 0"},
		{"1 called 0 x", "2 held 0"},
		{"1 called 0 x", "2 released 0"},
		{"1 called 0 x", "2 granted 0 1", "3 failed 0 no"},
		{"1 called 0 x", "2 granted 0 1", "3 granted 0 2"},
		{"1 called 0 x", "2 granted 0 1", "3 released 0", "4 held 0"},
		{"1 called 0 x", "2 held 7"},
		{"1 called 0 x", "2 lost-at 0"},
		{"1 called 0 x", "2 called 0 y"},
	} {
		r := newRecorder("A", false)
		for i, line := range lines {
			if err := r.add(line); (err != nil) != (i == len(lines)-1) {
				t.Errorf("%q: line %d: error %v", lines, i, err)
			}
		}
	}
}

// TestSave saves a broken history, and finds the page of the lock that is broken, and no other.
func TestSave(t *testing.T) {
	h := &History{
		Plan: MakePlan(1, 1), Logs: map[string]string{"brokerd-1": "a line\n"},
		Notes: []Note{{Time: 3, Text: "a fault"}},
		Requests: read(t, `
			bad/x | token 1 called 1 granted 2 held 5 released 6
			bad/x | token 2 called 1 granted 4 held 9 released 10
			good  | token 3 called 1 granted 4 held 9 released 10`),
	}
	dir := t.TempDir()
	if err := h.Save(dir); err != nil {
		t.Fatal(err)
	}
	files := readDir(t, dir)
	for name, part := range map[string]string{
		"plan.txt": "seed 1", "faults.txt": "a fault", "requests.txt": "A #0 [bad/x] token 1",
		"brokerd-1.log": "a line", "bad-x.html": "a fault",
	} {
		if !strings.Contains(files[name], part) {
			t.Errorf("%s does not have %q", name, part)
		}
		delete(files, name)
	}
	for name := range files {
		t.Errorf("there is a file %s, too", name)
	}
}

func readDir(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string)
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[entry.Name()] = string(text)
	}
	return files
}
