package listing

import (
	"testing"
	"time"
)

func TestReadable(t *testing.T) {
	for text, want := range map[string]string{
		"-1s": "0.0s", "99ms": "0.0s", "5s": "5.0s", "59.99s": "59.9s", "60s": "1m00s", "65.9s": "1m05s",
		"59m59s": "59m59s", "1h": "1h00m", "23h59m59s": "23h59m", "24h": "1d00h", "100h30m": "4d04h",
	} {
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := Readable(d); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}
