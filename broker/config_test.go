package broker

import (
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// The rule of Config holds for every number and duration, even in fields added later: 0 means the
// default. None, or any other negative value, means zero in two fields, and is an error in all
// others.
func TestZeroIsTheDefault(t *testing.T) {
	defaults, err := Config{}.WithDefaults()
	if err != nil {
		t.Fatal(err)
	}
	for i := range reflect.TypeFor[Config]().NumField() {
		name := reflect.TypeFor[Config]().Field(i).Name
		if !reflect.ValueOf(defaults).Field(i).CanInt() {
			continue
		}
		if reflect.ValueOf(defaults).Field(i).IsZero() {
			t.Errorf("%s: 0 has no default", name)
		}
		for _, negative := range []int64{None, -5} {
			var config Config
			reflect.ValueOf(&config).Elem().Field(i).SetInt(negative)
			config, err := config.WithDefaults()
			if !slices.Contains([]string{"Drain", "IdleNames", "WarnAfter"}, name) {
				if err == nil {
					t.Errorf("%s: %d is accepted", name, negative)
				}
				continue
			}
			if err != nil || !reflect.ValueOf(config).Field(i).IsZero() {
				t.Errorf("%s: %d is %v, %v; want 0", name, negative, reflect.ValueOf(config).Field(i),
					err)
			}
		}
	}
}

// New refuses values that are too large or do not fit together.
func TestConfigIsChecked(t *testing.T) {
	most := math.MaxInt32
	const tooLong = 366 * 24 * time.Hour
	for _, config := range []Config{
		{Heartbeat: 8 * time.Second},
		{Heartbeat: time.Millisecond - 1},
		{Timeout: tooLong},
		{Drain: tooLong},
		{Limits: wire.Limits{NameBytes: -1}},
		{Limits: wire.Limits{Requests: most + 1}},
	} {
		if _, err := New(config); err == nil {
			t.Errorf("New(%+v): no error", config)
		}
	}
}
