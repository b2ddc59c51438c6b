package statedir

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

func TestStateIsReadAsItWasWritten(t *testing.T) {
	for _, s := range []State{
		{Next: 1},
		{Next: 1_700_000_000_000_000, Clean: true, Timeout: 15 * time.Second},
		{Next: wire.MaxInteger + 1, Timeout: time.Duration(wire.MaxMillis) * time.Millisecond},
	} {
		for _, born := range []int64{0, 1, 1_795_884_540_853_954_818} {
			want := recordOf(s, born)
			if again, err := decode(mustEncode(t, want)); err != nil || again != want ||
				again.state() != s {
				t.Errorf("%+v is read as %+v, %v", want, again, err)
			}
		}
	}
}

// Files of the first version do not record when they were created.
func TestFirstVersionIsRead(t *testing.T) {
	const file = `{"lockbroker_state":1,"next_token":1795885497259164,"clean":true,"timeout_ms":0}` +
		"\ncrc32c dd3eb966\n"
	want := State{Next: 1_795_885_497_259_164, Clean: true}
	r, err := decode([]byte(file))
	if err != nil || r.state() != want || r.isCopy(1) {
		t.Errorf("got %+v, %v", r, err)
	}
	r.Born = 1
	if file, err := r.encode(); err == nil {
		t.Errorf("%s is taken for the first version", file)
	}
}

func TestStateOutOfRangeIsNotWritten(t *testing.T) {
	for _, s := range []State{
		{Next: 0},
		{Next: -1},
		{Next: wire.MaxInteger + 2},
		{Next: 1, Timeout: -time.Second},
		{Next: 1, Timeout: 366 * 24 * time.Hour},
	} {
		if file, err := recordOf(s, 0).encode(); err == nil {
			t.Errorf("%+v is written as %s", s, file)
		}
	}
}

// A damaged file is never read as another state.
func TestDamagedStateIsRefused(t *testing.T) {
	whole := mustEncode(t, recordOf(State{Next: 1_234_567, Clean: true, Timeout: time.Second},
		1_795_884_540_853_954_818))
	for n := range whole {
		if s, err := decode(whole[:n]); err == nil {
			t.Errorf("the first %d bytes are read as %+v", n, s)
		}
		for bit := range 8 {
			damaged := slices.Clone(whole)
			damaged[n] ^= 1 << bit
			if s, err := decode(damaged); err == nil {
				t.Errorf("%q is read as %+v", damaged, s)
			}
		}
	}
	for name, file := range map[string]string{
		"more":       string(whole) + "\n",
		"twice":      string(whole) + string(whole),
		"zeros":      strings.Repeat("\x00", len(whole)),
		"JSON":       "{}\n",
		"of another": "[section]\nkey = value\n",
	} {
		if s, err := decode([]byte(file)); err == nil {
			t.Errorf("%s: read as %+v", name, s)
		}
	}
}

func TestNewerStateIsRecognized(t *testing.T) {
	_, err := decode([]byte(`{"lockbroker_state":3,"next":{"us":1}}` + "\n"))
	if err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("got %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("{}"))
	for _, s := range []State{{Next: 1}, {Next: 77, Clean: true, Timeout: time.Minute}} {
		file, err := recordOf(s, s.Next-1).encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := decode(file)
		if err != nil {
			return
		}
		if again := mustEncode(t, r); string(again) != string(file) {
			t.Errorf("%q is read as %+v, which is written %q", file, r, again)
		}
	})
}

func mustEncode(t *testing.T, r record) []byte {
	t.Helper()
	file, err := r.encode()
	if err != nil {
		t.Fatal(err)
	}
	return file
}
