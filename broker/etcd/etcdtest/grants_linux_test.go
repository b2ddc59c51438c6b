package etcdtest

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

var rounds = flag.Int("rounds", 1, "how often TestGrants measures each broker")

// TestGrants measures how many locks the owner of a cluster grants to a session on record, and how many a broker alone
// does. It takes turns:
//
//	go test -run Grants -v . -rounds 40
func TestGrants(t *testing.T) {
	m := startMembers(t)
	owner := startBrokerds(t, 1, m.endpoints())[0]
	await(t, "the broker is the owner", func() bool { return owner.answers("/leader") })
	alone := startAlone(t, owner)
	var ratios []float64
	for range *rounds {
		cluster, single := rate(t, owner), rate(t, alone)
		ratios = append(ratios, cluster/single)
		if cluster == 0 || single == 0 {
			t.Fatalf("%f grants a second by the owner, %f alone", cluster, single)
		}
	}
	slices.Sort(ratios)
	t.Logf("the owner grants %.3f times as many as a broker alone: the median of %d, from %.3f to %.3f",
		ratios[len(ratios)/2], len(ratios), ratios[0], ratios[len(ratios)-1])
}

// startAlone starts a broker with the program of another one, which belongs to no cluster.
func startAlone(t *testing.T, like *brokerd) *brokerd {
	t.Helper()
	address := freeURL(t)
	b := &brokerd{t: t, url: "ws://" + address.Host, args: []string{like.args[0], "--port", address.Port()}}
	b.running.Go(b.run)
	t.Cleanup(b.end)
	return b
}

// rate returns how many locks a second a broker grants to 64 callers of one client.
func rate(t *testing.T, b *brokerd) float64 {
	t.Helper()
	client := dial(t, b.url, true, nil)
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	var grants atomic.Int64
	var callers sync.WaitGroup
	began := time.Now()
	for n := range 64 {
		name := fmt.Sprintf("lock/%d", n)
		callers.Go(func() {
			for ctx.Err() == nil {
				lock, err := client.Acquire(ctx, name, &wsclient.AcquireOptions{})
				if err != nil {
					return
				}
				grants.Add(1)
				_ = lock.Release()
			}
		})
	}
	callers.Wait()
	return float64(grants.Load()) / time.Since(began).Seconds()
}
