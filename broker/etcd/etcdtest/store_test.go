package etcdtest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/lockbroker/lockbroker/broker/cluster"
	"github.com/lockbroker/lockbroker/broker/etcd"
)

// patience is how long one call may take.
const patience = time.Second

// openStore returns a store that ends with the test.
func openStore(t *testing.T, endpoints []string) *etcd.Store {
	t.Helper()
	store, err := etcd.Open(etcd.Config{Endpoints: endpoints, Prefix: "/test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// repeat repeats a call until it succeeds.
func repeat[T any](t *testing.T, call func(context.Context) (T, error)) T {
	t.Helper()
	for {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		result, err := call(ctx)
		cancel()
		if err == nil {
			return result
		}
		if t.Context().Err() != nil {
			t.Fatal(err)
		}
	}
}

// write repeats w until it has an answer.
func write(t *testing.T, store *etcd.Store, w cluster.Write) cluster.Head {
	t.Helper()
	return repeat(t, func(ctx context.Context) (cluster.Head, error) { return store.Write(ctx, w) })
}

// openClient returns a client of etcd that ends with the test.
func openClient(t *testing.T, endpoints []string) *clientv3.Client {
	t.Helper()
	client, err := clientv3.New(clientv3.Config{Endpoints: endpoints, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// writes returns how many writes etcd has applied, by its own count.
func writes(t *testing.T, endpoints []string) int64 {
	t.Helper()
	client := openClient(t, endpoints)
	answer := repeat(t, func(ctx context.Context) (*clientv3.GetResponse, error) {
		return client.Get(ctx, "/test/beat")
	})
	if len(answer.Kvs) == 0 {
		return 0
	}
	return answer.Kvs[0].Version
}

// A write is applied if its guard holds, and otherwise changes nothing.
func TestGuard(t *testing.T) {
	m := startMembers(t)
	store := openStore(t, m.endpoints())
	if head := repeat(t, store.Head); head != (cluster.Head{}) {
		t.Fatalf("the record begins as %+v", head)
	}
	owner := cluster.Owner{
		Broker: cluster.Broker{ID: "a", Address: "ws://a"}, Term: 1, Tokens: 100, Grace: time.Second,
	}
	first := cluster.Write{
		Beat: "a/1", Owner: &owner, Put: []cluster.Session{{ID: "s1", Key: []byte{1}}, {ID: "s2"}},
	}
	head := write(t, store, first)
	if r := head.Revision; head.Beat != "a/1" || head.Owner != owner || r.Owner == 0 || r.Beat != r.Owner {
		t.Fatalf("after the first write: %+v", head)
	}
	second := cluster.Write{
		Guard: head.Revision, Beat: "a/2",
		Put: []cluster.Session{{ID: "s1", Revoked: []int64{7}}, {ID: "-"}}, Delete: []string{"s2", "unknown"},
	}
	next := write(t, store, second)
	if next.Beat != "a/2" || next.Owner != owner || next.Revision.Owner != head.Revision.Owner {
		t.Fatalf("after the second write: %+v", next)
	}
	other := owner
	other.ID = "b"
	late := cluster.Write{Guard: head.Revision, Beat: "b/1", Owner: &other, Delete: []string{"s1"}}
	if got := write(t, store, late); got != next {
		t.Errorf("a write whose guard does not hold: got %+v, want %+v", got, next)
	}
	if got := write(t, store, second); got != next {
		t.Errorf("a write that is repeated: got %+v, want %+v", got, next)
	}
	if got := repeat(t, store.Head); got != next {
		t.Errorf("the head is %+v, want %+v", got, next)
	}
	want := []cluster.Session{{ID: "-"}, {ID: "s1", Revoked: []int64{7}}}
	if got := repeat(t, store.Sessions); !reflect.DeepEqual(got, want) {
		t.Errorf("the sessions are %+v, want %+v", got, want)
	}
	if n := writes(t, m.endpoints()); n != 2 {
		t.Errorf("etcd has applied %d writes, want 2", n)
	}
}

// A person has edited or deleted a part of the record: the next write of the owner is not applied.
func TestEditedRecord(t *testing.T) {
	m := startMembers(t)
	store, client := openStore(t, m.endpoints()), openClient(t, m.endpoints())
	const other = `{"format":1,"id":"b"}`
	for i, edit := range []func(context.Context) (any, error){
		func(ctx context.Context) (any, error) { return client.Put(ctx, "/test/owner", other) },
		func(ctx context.Context) (any, error) { return client.Delete(ctx, "/test/owner") },
		func(ctx context.Context) (any, error) { return client.Put(ctx, "/test/beat", "b/1") },
		func(ctx context.Context) (any, error) { return client.Delete(ctx, "/test/beat") },
	} {
		owner := cluster.Owner{Broker: cluster.Broker{ID: "a"}}
		first := cluster.Write{Guard: repeat(t, store.Head).Revision, Beat: fmt.Sprint("a/", i), Owner: &owner}
		head := write(t, store, first)
		repeat(t, edit)
		next := cluster.Write{Guard: head.Revision, Beat: fmt.Sprint("a/", i, "/next")}
		if got := write(t, store, next); got.Beat == next.Beat || got.Revision == head.Revision {
			t.Errorf("edit %d: got %+v after %+v", i, got, head)
		}
	}
}

// More sessions than one page are read, and as many changes as the machine makes fit into one write.
func TestManySessions(t *testing.T) {
	const batches, size = 21, 100
	m := startMembers(t)
	store := openStore(t, m.endpoints())
	owner := cluster.Owner{Broker: cluster.Broker{ID: "a"}}
	var head cluster.Head
	for batch := range batches {
		w := cluster.Write{Guard: head.Revision, Beat: fmt.Sprintf("a/%d", batch), Owner: &owner}
		for i := range size {
			w.Put = append(w.Put, cluster.Session{ID: fmt.Sprintf("s%02d-%02d", batch, i)})
		}
		if head = write(t, store, w); head.Beat != w.Beat {
			t.Fatalf("after %s: %+v", w.Beat, head)
		}
	}
	sessions := repeat(t, store.Sessions)
	for i, s := range sessions {
		if want := fmt.Sprintf("s%02d-%02d", i/size, i%size); s.ID != want {
			t.Fatalf("session %d is %q, want %q", i, s.ID, want)
		}
	}
	if len(sessions) != batches*size {
		t.Errorf("read %d sessions", len(sessions))
	}
}

// A write that etcd refuses is not applied, and the error says so.
func TestRefusedWrite(t *testing.T) {
	m := startMembers(t)
	store := openStore(t, m.endpoints())
	w := cluster.Write{Beat: "a/1"}
	for i := range 200 {
		w.Put = append(w.Put, cluster.Session{ID: fmt.Sprint("s", i)})
	}
	refused := func(ctx context.Context) (bool, error) {
		_, err := store.Write(ctx, w)
		if err == nil {
			t.Fatal("too many changes were accepted")
		}
		if errors.Is(err, cluster.ErrNotApplied) {
			return true, nil
		}
		return false, err // no leader yet
	}
	repeat(t, refused)
	if head := repeat(t, store.Head); head.Beat != "" {
		t.Errorf("it was applied: %+v", head)
	}
}

// Writes and reads go on when a member has ended, the leader too. Each write is applied once.
func TestMemberEnds(t *testing.T) {
	m := startMembers(t)
	store := openStore(t, m.endpoints())
	head := write(t, store, cluster.Write{Beat: "a/1"})
	for i, victim := range []func() int{
		func() int { return max(m.leader(), 0) },
		func() int { return (max(m.leader(), 0) + 1) % 3 },
	} {
		stopped := victim()
		m.stop(stopped)
		session := cluster.Session{ID: fmt.Sprint("s", i)}
		w := cluster.Write{Guard: head.Revision, Beat: fmt.Sprint("b/", i), Put: []cluster.Session{session}}
		if head = write(t, store, w); head.Beat != w.Beat {
			t.Fatalf("after %s: %+v", w.Beat, head)
		}
		if sessions := repeat(t, store.Sessions); len(sessions) != i+1 {
			t.Errorf("read %v", sessions)
		}
		m.start(stopped)
		<-m.server[stopped].Server.ReadyNotify()
	}
	if n := writes(t, m.endpoints()); n != 3 {
		t.Errorf("etcd has applied %d writes, want 3", n)
	}
}

// Without a quorum, calls fail, and nothing is said about whether a write was applied. When the members are back, the
// write is repeated and applied once.
func TestNoQuorum(t *testing.T) {
	m := startMembers(t)
	store := openStore(t, m.endpoints())
	head := write(t, store, cluster.Write{Beat: "a/1"})
	m.stop(0)
	m.stop(1)
	w := cluster.Write{Guard: head.Revision, Beat: "a/2"}
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		if _, err := store.Write(ctx, w); err == nil || errors.Is(err, cluster.ErrNotApplied) {
			t.Errorf("write: got %v", err)
		}
		if _, err := store.Head(ctx); err == nil {
			t.Error("the head was read without a quorum")
		}
		if _, err := store.Sessions(ctx); err == nil {
			t.Error("the sessions were read without a quorum")
		}
		cancel()
	}
	m.start(0)
	m.start(1)
	if got := write(t, store, w); got.Beat != "a/2" {
		t.Errorf("after the outage: %+v", got)
	}
	if n := writes(t, m.endpoints()); n != 2 {
		t.Errorf("etcd has applied %d writes, want 2", n)
	}
}
