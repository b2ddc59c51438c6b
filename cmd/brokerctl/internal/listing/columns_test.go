package listing

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
)

// TestColumns compares the columns on terminals of several widths with their golden file.
func TestColumns(t *testing.T) {
	const golden = "../../../../testdata/brokerctl/columns.golden"
	var text strings.Builder
	for _, width := range []int{40, 80, 120, 200} {
		fmt.Fprintf(&text, "== %d columns\n", width)
		for _, lock := range columnLocks() {
			for _, line := range (Columns{Width: width}).Lock(lock) {
				if screen.Width(line.Text) > width {
					t.Errorf("%d columns: %q is %d wide", width, line.Text, screen.Width(line.Text))
				}
				text.WriteString(line.Text + "\n")
			}
		}
	}
	if *update {
		if err := os.WriteFile(golden, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if text.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", text.String(), want)
	}
}

func columnLocks() []wire.LockInfo {
	of := func(r wire.RequestInfo, mode wire.Mode, client, remote string) wire.RequestInfo {
		r.Mode, r.Client, r.Remote = mode, client, remote
		return r
	}
	five := of(request(7, "", 125_000), wire.Shared, "worker@host3:99", "192.0.2.3:5000")
	five.Limit = wire.Some(5)
	two := of(request(8, "sync", 7_999), wire.Shared, "sync@host4:7", "[2001:db8:1234:5678::1]:50000")
	two.Limit = wire.Some(2)
	gone := of(request(9, "crashed-while-it-wrote-the-nightly-report", 59_999), wire.Exclusive, "", "")
	gone.Gone = true
	return []wire.LockInfo{{
		Name: "orders/42",
		Holders: []wire.RequestInfo{
			of(request(0, "billing", 14_379), wire.Exclusive, "billing@host7.example:812", "192.0.2.7:40000"),
		}, Holding: 1,
		Waiters: []wire.RequestInfo{
			of(request(2, "reports", 5_000), wire.Exclusive, "reports@host8:3", "192.0.2.8:40000"),
			of(request(123456789012, "", 90_061_000), wire.Exclusive, "cron@host9:1", "192.0.2.9:40000"),
			of(request(3, "", 1), wire.Exclusive, "", ""),
		}, Waiting: 26,
	}, {
		Name:    "tenants/0b9cd0a4-5c1d-4c59-9d3a-0a7f2f4fbe71/exports/2026-11/customers-and-invoices.parquet",
		Holders: []wire.RequestInfo{five, two}, Holding: 2,
	}, {
		Name:    "report\n",
		Holders: []wire.RequestInfo{gone}, Holding: 1,
	}}
}
