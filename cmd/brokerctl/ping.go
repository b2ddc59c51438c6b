package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/alecthomas/kong"
)

// pingCmd is the command "ping".
type pingCmd struct {
	target
	Count int `short:"n" default:"10" help:"Number of round trips, 1 to 1000000."`
}

// Help returns the text that --help shows above the flags.
func (pingCmd) Help() string {
	return `Measures round trips to the broker, one after another:

    $ brokerctl ping -n 100
    100 round trips: minimum 52µs, median 61µs, maximum 240µs`
}

// Validate refuses a count out of range.
func (c *pingCmd) Validate() error {
	if c.Count < 1 || c.Count > 1_000_000 {
		return fmt.Errorf("--count: want 1 to 1000000")
	}
	return nil
}

// Run measures the round trips and prints a summary.
func (c *pingCmd) Run(app *kong.Kong) error {
	ctx := context.Background()
	client, err := c.dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	trips := make([]time.Duration, c.Count)
	for i := range trips {
		if trips[i], err = client.Ping(ctx); err != nil {
			return brokerFailure(err)
		}
	}
	slices.Sort(trips)
	micros := func(d time.Duration) time.Duration { return d.Round(time.Microsecond) }
	what := "round trips"
	if len(trips) == 1 {
		what = "round trip"
	}
	_, err = fmt.Fprintf(app.Stdout, "%d %s: minimum %v, median %v, maximum %v\n",
		len(trips), what, micros(trips[0]), micros(trips[len(trips)/2]), micros(trips[len(trips)-1]))
	return err
}
