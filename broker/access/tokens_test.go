package access

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

// hashOf returns the hash of a token, as the file has it.
func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func mustParse(t *testing.T, lines ...string) *Tokens {
	t.Helper()
	tokens, err := ParseTokens(strings.Join(lines, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func TestTokens(t *testing.T) {
	tokens := mustParse(t,
		"# services",
		"billing "+hashOf("old"),
		"billing\t"+hashOf("new")+"\r",
		"",
		"  ci  "+hashOf("ci")+" groups=builders,deployers expires=2027-01-31T00:00:00Z",
		"spiffe://example/größe "+hashOf("odd")+" expires=2027-01-31T01:00:00+01:00 groups=a",
	)
	january := time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)
	for token, want := range map[string]Subject{
		"old": {Identity: Identity{Name: "billing"}},
		"new": {Identity: Identity{Name: "billing"}},
		"ci":  {Identity: Identity{Name: "ci", Groups: []string{"builders", "deployers"}}, Expires: january},
		"odd": {Identity: Identity{Name: "spiffe://example/größe", Groups: []string{"a"}}, Expires: january},
	} {
		want.Method, want.Key = MethodToken, strings.TrimPrefix(hashOf(token), "sha256:")
		got, err := tokens.Authenticate(context.Background(), Credential{Token: token})
		if err != nil || !got.Expires.Equal(want.Expires) {
			t.Errorf("%s: %v, %v", token, got, err)
		}
		got.Expires = want.Expires // in another time zone
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", token, got, want)
		}
	}
	for _, token := range []string{"", "Old", "old ", "unknown", hashOf("old"), strings.Repeat("x", 1<<16)} {
		got, err := tokens.Authenticate(context.Background(), Credential{Token: token})
		if !errors.Is(err, ErrNotMine) {
			t.Errorf("%.40q: %v, %v", token, got, err)
		}
	}
	_, err := mustParse(t, "").Authenticate(context.Background(), Credential{Token: "x"})
	if !errors.Is(err, ErrNotMine) {
		t.Errorf("an empty file: %v", err)
	}
}

// Each error names the line and repeats nothing of it: it may hold a token.
func TestTokensErrors(t *testing.T) {
	const (
		secret = "lbt_marked-secret"
		digits = "want sha256: and 64 hexadecimal digits after the identity"
		fields = "want only groups=... and expires=... after the hash, each at most once"
		times  = "expires: want a time such as 2027-01-31T00:00:00Z"
	)
	good := "ci " + hashOf("ci")
	for line, want := range map[string]string{
		secret:                           "want an identity and the hash of a token",
		"ci " + secret:                   digits,
		"ci sha256:" + secret:            digits,
		"ci md5:" + secret:               digits,
		good + "00":                      digits,
		good[:len(good)-1]:               digits,
		good[:len(good)-2]:               digits,
		"a,b " + hashOf(secret):          "the identity has a space, a comma or a #",
		"a#b " + hashOf(secret):          "the identity has a space, a comma or a #",
		"\x1b[2J " + hashOf(secret):      "the identity has characters that cannot be printed",
		"\ufeffci " + hashOf(secret):     "the identity has characters that cannot be printed",
		"\xff " + hashOf(secret):         "the identity has characters that cannot be printed",
		long(257) + " " + hashOf(secret): "the identity has 257 bytes: want at most 256",
		good + " groups=":                "a group is empty",
		good + " groups=a,,b":            "a group is empty",
		good + " groups=a groups=b":      fields,
		good + " groups=" + long(257):    "a group has 257 bytes: want at most 256",
		good + " groups=" + many(1001):   "1001 groups are too many: want at most 1000",
		good + " Groups=a":               fields,
		good + " " + secret:              fields,
		good + " # " + secret:            fields,
		good + " expires=" + secret:      times,
		good + " expires=2027-01-31":     times,
		good + " expires":                times,
		// The zero time means that the token never expires.
		good + " expires=0001-01-01T00:00:00Z":                              times,
		good + " expires=2027-01-31T00:00:00Z expires=2028-01-31T00:00:00Z": fields,
		"other " + hashOf("first"):                                          "the same token as in line 2",
		"other sha256:" + strings.ToUpper(hashOf("first")[7:]):              "the same token as in line 2",
	} {
		_, err := ParseTokens("# comment\nfirst " + hashOf("first") + "\n\n" + line + "\n")
		if err == nil || err.Error() != "line 4: "+want {
			t.Errorf("%.60q: got %v, want line 4: %s", line, err, want)
		}
		for _, marked := range []string{secret, hashOf(secret)} {
			if err != nil && strings.Contains(err.Error(), marked) {
				t.Errorf("the error repeats the line: %v", err)
			}
		}
	}
}

func long(n int) string { return strings.Repeat("x", n) }

func many(n int) string { return strings.Repeat("x,", n-1) + "x" }

func TestNewToken(t *testing.T) {
	january := time.Date(2027, 1, 31, 1, 2, 3, 4, time.FixedZone("", 3600))
	token, line, err := NewToken("ci", []string{"builders", "deployers"}, january)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(token, "lbt_") || len(token) != len("lbt_")+43 {
		t.Errorf("the token has %d bytes and the wrong form", len(token))
	}
	want := "ci " + hashOf(token) + " groups=builders,deployers expires=2027-01-31T00:02:03Z"
	if line != want {
		t.Errorf("got %s, want %s", line, want)
	}
	got, err := mustParse(t, line).Authenticate(context.Background(), Credential{Token: token})
	if err != nil || got.Name != "ci" || len(got.Groups) != 2 || !got.Expires.Equal(january.Truncate(time.Second)) {
		t.Errorf("the line is read as %v, %v", got, err)
	}
	if again, _, _ := NewToken("ci", nil, time.Time{}); again == token {
		t.Error("the same token twice")
	}
	if _, line, err := NewToken("ci", nil, time.Time{}); err != nil || strings.ContainsAny(line, "=") {
		t.Errorf("without options: %q, %v", line, err)
	}
}

// NewToken refuses what would make the line unreadable.
func TestNewTokenErrors(t *testing.T) {
	for _, try := range []struct {
		name    string
		groups  []string
		expires time.Time
		want    string
	}{
		{"", nil, time.Time{}, "the identity is empty"},
		{"a b", nil, time.Time{}, "the identity has a space, a comma or a #"},
		{"#ci", nil, time.Time{}, "the identity has a space, a comma or a #"},
		{"ci\n", nil, time.Time{}, "the identity has characters that cannot be printed"},
		{"ci", []string{"a,b"}, time.Time{}, "a group has a space, a comma or a #"},
		{"ci", []string{""}, time.Time{}, "a group is empty"},
		{"ci", strings.Split(many(1001), ","), time.Time{}, "1001 groups are too many: want at most 1000"},
		{"ci", nil, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), "the year of the expiry: want four digits"},
		{"ci", nil, time.Time{}.Add(time.Nanosecond), "expires: want a time such as 2027-01-31T00:00:00Z"},
	} {
		token, line, err := NewToken(try.name, try.groups, try.expires)
		if err == nil || err.Error() != try.want || token != "" || line != "" {
			t.Errorf("%q, %.40q, %v: got %v, want %s", try.name, try.groups, try.expires, err, try.want)
		}
	}
}

func TestTokensRecheck(t *testing.T) {
	before := mustParse(t, "ci "+hashOf("ci")+" groups=a", "billing "+hashOf("billing"))
	ci, err := before.Authenticate(context.Background(), Credential{Token: "ci"})
	if err != nil {
		t.Fatal(err)
	}
	changed := mustParse(t, "ci sha256:"+strings.ToUpper(hashOf("ci")[7:])+" groups=b expires=2027-01-31T00:00:00Z")
	got, ok := changed.Recheck(ci)
	if !ok || got.Name != "ci" || !reflect.DeepEqual(got.Groups, []string{"b"}) || got.Expires.Year() != 2027 {
		t.Errorf("got %v, %t", got, ok)
	}
	for name, file := range map[string]string{
		"removed":              "billing " + hashOf("billing"),
		"replaced":             "ci " + hashOf("ci 2"),
		"of another identity":  "billing " + hashOf("ci"),
		"the file is empty":    "",
		"it is a comment now":  "# ci " + hashOf("ci"),
		"the name has changed": "CI " + hashOf("ci"),
	} {
		if got, ok := mustParse(t, file).Recheck(ci); ok || got.Name != "" {
			t.Errorf("%s: got %v, %t", name, got, ok)
		}
	}
}
