package codec_test

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// A client refuses a reply if it cannot act on one of its fields.
func TestRepliesRefused(t *testing.T) {
	for frame, want := range map[string]string{
		`{"type":"granted","token":1}`:                                 "id: want session--n",
		`{"type":"granted","id":"s","token":1}`:                        "id: want session--n",
		`{"type":"granted","id":"s--0"}`:                               "token: want 1 to 9007199254740991",
		`{"type":"granted","id":"s--0","token":9007199254740992}`:      "token: want 1 to 9007199254740991",
		`{"type":"released","id":"s--01"}`:                             "id: want session--n",
		`{"type":"cancelled"}`:                                         "id: want session--n",
		`{"type":"lost","reason":"stolen"}`:                            "id: want session--n",
		`{"type":"lost","id":"s--0","reason":"forgotten"}`:             `reason: unknown: "forgotten"`,
		`{"type":"info","locks":[]}`:                                   "id: want session--n",
		`{"type":"why","chain":[]}`:                                    "id: want session--n",
		`{"type":"watching"}`:                                          "id: want session--n",
		`{"type":"change","event":"queued","lock":"a"}`:                "id: want session--n",
		`{"type":"lagged"}`:                                            "id: want session--n",
		`{"type":"unwatched"}`:                                         "id: want session--n",
		`{"type":"evicted"}`:                                           "id: want session--n",
		`{"type":"pong"}`:                                              "id: want session--n",
		`{"type":"error","message":"of what kind?"}`:                   "code: missing",
		`{"type":"hello","protocol":2,"session":"s"}`:                  "protocol: want 1, not 2",
		`{"type":"hello","protocol":1,"session":""}`:                   "session: not a session name",
		`{"type":"hello","protocol":1,"session":"a--b"}`:               "session: not a session name",
		`{"type":"hello","protocol":1,"session":"s"}`:                  "heartbeat_ms: want 1 to 31536000000",
		`{"type":"hello","protocol":1,"session":"s","heartbeat_ms":1}`: "timeout_ms: want 1 to 31536000000",
		`{"type":"greeting"}`:                                          `type: unknown: "greeting"`,
	} {
		m, err := codec.DecodeReply([]byte(frame))
		if err == nil || refusal(t, err).Message != want {
			t.Errorf("%s: got %v, %v, want %s", frame, m, err, want)
		}
	}
	if _, err := codec.DecodeReply([]byte(`{"type":"draining","grace_ms":0}`)); err != nil {
		t.Errorf("draining has no id: %v", err)
	}
}
