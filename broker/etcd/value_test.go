package etcd

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"

	"github.com/lockbroker/lockbroker/broker/cluster"
)

// Values are read as they were written, and look as other releases expect.
func TestValues(t *testing.T) {
	owner := cluster.Owner{
		Broker: cluster.Broker{ID: "k3v9", Address: "ws://10.0.0.7:27002"}, Term: 7, Tokens: 1 << 53,
		Grace: 27 * time.Second, Snapshot: "s1",
	}
	const ownerText = `{"format":1,"id":"k3v9","address":"ws://10.0.0.7:27002","term":7,` +
		`"next_token":9007199254740992,"grace_ms":27000,"snapshot":"s1"}`
	if got := encodeOwner(&owner); got != ownerText {
		t.Errorf("got  %s\nwant %s", got, ownerText)
	}
	if got, err := decodeOwner([]byte(ownerText)); err != nil || got != owner {
		t.Errorf("got %+v, %v", got, err)
	}
	session := cluster.Session{ID: "x", Identity: "ci", Key: []byte{1, 2, 3}, Revoked: []int64{5, 6}}
	const sessionText = `{"format":1,"identity":"ci","key":"AQID","revoked":[5,6]}`
	if got := encodeSession(&session); got != sessionText {
		t.Errorf("got  %s\nwant %s", got, sessionText)
	}
	if got, err := decodeSession("x", []byte(sessionText)); err != nil || !reflect.DeepEqual(got, session) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// A grace period does not become shorter when it is written.
func TestGraceIsRoundedUp(t *testing.T) {
	written := encodeOwner(&cluster.Owner{Grace: 27*time.Second + 1})
	if o, err := decodeOwner([]byte(written)); err != nil || o.Grace != 27*time.Second+time.Millisecond {
		t.Errorf("got %v, %v", o.Grace, err)
	}
}

// A value of another format, or one that is damaged, is an error, and never a part of the record.
func TestForeignValues(t *testing.T) {
	for _, value := range []string{"", "{", "{}", `{"format":2,"id":"a"}`, `{"format":"1"}`, "null", "[]"} {
		kv := []*mvccpb.KeyValue{{Value: []byte(value), ModRevision: 1}}
		if head, err := headOf(kv, nil); err == nil || head != (cluster.Head{}) {
			t.Errorf("owner %q: got %+v, %v", value, head, err)
		}
		if _, err := decodeSession("x", []byte(value)); !strings.Contains(fmt.Sprint(err), `session "x"`) {
			t.Errorf("session %q: got %v", value, err)
		}
	}
}
