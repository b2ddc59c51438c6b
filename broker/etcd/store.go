package etcd

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/lockbroker/lockbroker/broker/cluster"
)

// pageSize is how many sessions are read at a time.
const pageSize = 1000

// A Store is a [cluster.Store] in etcd.
type Store struct {
	client   *clientv3.Client
	owner    string // the keys
	beat     string
	sessions string       // begins the keys of the sessions
	seen     atomic.Int64 // the greatest revision of etcd that an answer had
}

var errOldAnswer = errors.New("etcd has answered with older data than before")

// Open returns a store. It does not wait for etcd: calls fail while etcd cannot be reached. The caller must close it.
func Open(config Config) (*Store, error) {
	config = config.withDefaults()
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("etcd: %w", err)
	}
	tls, err := config.tls()
	if err != nil {
		return nil, fmt.Errorf("etcd: %w", err)
	}
	client, err := clientv3.New(clientv3.Config{
		Endpoints: config.Endpoints, TLS: tls, Logger: zap.NewNop(),
		DialKeepAliveTime: config.KeepAlive, DialKeepAliveTimeout: config.KeepAlive / 2,
		PermitWithoutStream: true,
	})
	if err != nil {
		return nil, fmt.Errorf("etcd: %w", err)
	}
	return &Store{
		client: client,
		owner:  config.Prefix + "/owner", beat: config.Prefix + "/beat", sessions: config.Prefix + "/s/",
	}, nil
}

// Close closes the connections. Calls that are under way fail.
func (s *Store) Close() error { return s.client.Close() }

// Head implements [cluster.Store].
func (s *Store) Head(ctx context.Context) (cluster.Head, error) {
	head, err := s.commit(ctx, nil, s.headOps())
	if err != nil {
		return cluster.Head{}, fmt.Errorf("etcd: read the head: %w", err)
	}
	return head, nil
}

// Write implements [cluster.Store]. It returns an error that wraps [cluster.ErrNotApplied] if etcd has refused the
// write.
func (s *Store) Write(ctx context.Context, w cluster.Write) (cluster.Head, error) {
	guard := []clientv3.Cmp{
		clientv3.Compare(clientv3.ModRevision(s.owner), "=", w.Guard.Owner),
		clientv3.Compare(clientv3.ModRevision(s.beat), "=", w.Guard.Beat),
	}
	ops := []clientv3.Op{clientv3.OpPut(s.beat, w.Beat)}
	if w.Owner != nil {
		ops = append(ops, clientv3.OpPut(s.owner, encodeOwner(w.Owner)))
	}
	for i := range w.Put {
		ops = append(ops, clientv3.OpPut(s.sessions+w.Put[i].ID, encodeSession(&w.Put[i])))
	}
	for _, id := range w.Delete {
		ops = append(ops, clientv3.OpDelete(s.sessions+id))
	}
	head, err := s.commit(ctx, guard, append(ops, s.headOps()...))
	switch {
	case err == nil:
		return head, nil
	case isRefusal(err):
		return cluster.Head{}, fmt.Errorf("etcd: %w: %w", cluster.ErrNotApplied, err)
	}
	return cluster.Head{}, fmt.Errorf("etcd: write: %w", err)
}

// headOps reads the head. It comes last in each transaction.
func (s *Store) headOps() []clientv3.Op {
	return []clientv3.Op{clientv3.OpGet(s.owner), clientv3.OpGet(s.beat)}
}

// commit runs ops if guard holds, else reads the head. It returns the head.
func (s *Store) commit(ctx context.Context, guard []clientv3.Cmp, ops []clientv3.Op) (cluster.Head, error) {
	seen := s.seen.Load()
	txn := s.client.Txn(clientv3.WithRequireLeader(ctx))
	answer, err := txn.If(guard...).Then(ops...).Else(s.headOps()...).Commit()
	if err != nil {
		return cluster.Head{}, err
	}
	if err := s.see(answer.Header, seen); err != nil {
		return cluster.Head{}, err
	}
	parts := answer.Responses
	if len(parts) < 2 {
		return cluster.Head{}, fmt.Errorf("the answer has %d parts", len(parts))
	}
	parts = parts[len(parts)-2:]
	return headOf(parts[0].GetResponseRange().GetKvs(), parts[1].GetResponseRange().GetKvs())
}

// headOf returns the head whose parts have been read.
func headOf(owner, beat []*mvccpb.KeyValue) (head cluster.Head, err error) {
	if len(owner) == 1 {
		head.Revision.Owner = owner[0].ModRevision
		if head.Owner, err = decodeOwner(owner[0].Value); err != nil {
			return cluster.Head{}, err
		}
	}
	if len(beat) == 1 {
		head.Beat, head.Revision.Beat = string(beat[0].Value), beat[0].ModRevision
	}
	return head, nil
}

// Sessions implements [cluster.Store].
func (s *Store) Sessions(ctx context.Context) ([]cluster.Session, error) {
	sessions, err := s.readSessions(clientv3.WithRequireLeader(ctx))
	if err != nil {
		return nil, fmt.Errorf("etcd: read the sessions: %w", err)
	}
	return sessions, nil
}

// readSessions reads one page after another, all as of the moment of the first.
func (s *Store) readSessions(ctx context.Context) (sessions []cluster.Session, err error) {
	from, at := s.sessions, int64(0)
	end, limit := clientv3.WithRange(clientv3.GetPrefixRangeEnd(s.sessions)), clientv3.WithLimit(pageSize)
	for {
		seen := s.seen.Load()
		page, err := s.client.Get(ctx, from, end, limit, clientv3.WithRev(at))
		if err != nil {
			return nil, err
		}
		if err := s.see(page.Header, seen); err != nil {
			return nil, err
		}
		for _, kv := range page.Kvs {
			session, err := decodeSession(string(kv.Key[len(s.sessions):]), kv.Value)
			if err != nil {
				return nil, err
			}
			sessions = append(sessions, session)
		}
		if !page.More || len(page.Kvs) == 0 {
			return sessions, nil
		}
		if at == 0 {
			at = page.Header.Revision
		}
		from = string(page.Kvs[len(page.Kvs)-1].Key) + "\x00"
	}
}

// see notes the revision of an answer. It returns an error if the answer is older than seen, what had been seen
// when the request began.
func (s *Store) see(header *etcdserverpb.ResponseHeader, seen int64) error {
	now := header.GetRevision()
	if now < seen {
		return fmt.Errorf("%w: revision %d after %d", errOldAnswer, now, seen)
	}
	for {
		last := s.seen.Load()
		if now <= last || s.seen.CompareAndSwap(last, now) {
			return nil
		}
	}
}
