package main

import (
	"bytes"
	"io"
	"regexp"
	"testing"
)

// TestFailover kills an owner. Another broker takes over, and neither an addition nor a lock is lost.
func TestFailover(t *testing.T) {
	var out bytes.Buffer
	err := config{kills: 1, brokers: 3, processes: 3, times: 200, out: &out}.show(t.Context())
	t.Log(out.String())
	if err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile(`^compiling brokerd and counter
etcd runs at http://127\.0\.0\.1:\d+
brokers run at ws://127\.0\.0\.1:\d+,ws://127\.0\.0\.1:\d+,ws://127\.0\.0\.1:\d+
the owner is (ws://127\.0\.0\.1:\d+) \(term 1\)
3 processes each add 1 to a number, 200 times
the number is \d+: kill -9 of the owner, (ws://127\.0\.0\.1:\d+)
after [\d.]+s, the owner is (ws://127\.0\.0\.1:\d+) \(term 2\)
expected 600, actual 600, lost 0; locks lost: 0
$`).FindStringSubmatch(out.String())
	if said == nil || said[1] != said[2] || said[2] == said[3] {
		t.Error("it says something else")
	}
}

// One broker is refused, and so is a count that would end before the kills.
func TestConfig(t *testing.T) {
	for _, c := range []config{
		{kills: 1, brokers: 1, processes: 1, times: 10},
		{kills: -1, brokers: 3, processes: 1, times: 10},
		{kills: 1, brokers: 3, times: 10},
		{kills: 10, brokers: 3, processes: 1, times: 5},
	} {
		c.out = io.Discard
		if err := c.show(t.Context()); err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
}
