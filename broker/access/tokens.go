package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// MethodToken is the [Subject].Method of bearer tokens that a file lists.
const MethodToken = "token"

// tokenPrefix begins the tokens of [NewToken], so that people and scanners for leaked secrets recognise them.
const tokenPrefix = "lbt_"

// Tokens accepts the bearer tokens whose hashes a file lists. The broker never learns a token before a
// client presents it.
type Tokens struct{ lines []tokenLine }

// A tokenLine is one accepted token.
type tokenLine struct {
	hash    [sha256.Size]byte
	subject Subject
}

// NewToken returns a new token of 256 random bits, and the line for the file, which identifies it by
// its hash. name is the identity.
func NewToken(name string, groups []string, expires time.Time) (token, line string, err error) {
	if err := checkWord(name); err != nil {
		return "", "", fmt.Errorf("the identity %w", err)
	}
	for _, group := range groups {
		if err := checkWord(group); err != nil {
			return "", "", fmt.Errorf("a group %w", err)
		}
	}
	if year := expires.UTC().Year(); !expires.IsZero() && (year < 1 || year > 9999) {
		return "", "", errors.New("the year of the expiry: want four digits")
	}
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails
	token = tokenPrefix + base64.RawURLEncoding.EncodeToString(secret[:])
	hash := sha256.Sum256([]byte(token))
	line = name + " sha256:" + hex.EncodeToString(hash[:])
	if len(groups) > 0 {
		line += " groups=" + strings.Join(groups, ",")
	}
	if !expires.IsZero() {
		line += " expires=" + expires.UTC().Format(time.RFC3339)
	}
	if _, err := parseTokenLine(strings.Fields(line)); err != nil {
		return "", "", err
	}
	return token, line, nil
}

// checkWord returns what is wrong with an identity or a group in the file of tokens.
func checkWord(word string) error {
	if err := checkName(word); err != nil {
		return err
	}
	if strings.ContainsAny(word, " \t,#") {
		return errors.New("has a space, a comma or a #")
	}
	return nil
}

// ParseTokens reads a file of tokens. Each line has an identity, the SHA-256 of a token as NewToken
// writes it, and perhaps groups and a time of expiry:
//
//	billing sha256:9f86d081884c7d65...
//	ci      sha256:60303ae22b998861... groups=builders,deployers expires=2027-01-31T00:00:00Z
//
// Empty lines, and lines that begin with #, are comments. An identity may have several tokens, so
// that a token can be replaced without a gap. The errors name the line.
func ParseTokens(text string) (*Tokens, error) {
	t := &Tokens{}
	number, seen := 0, map[[sha256.Size]byte]int{}
	for line := range strings.Lines(text) {
		number++
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		parsed, err := parseTokenLine(fields)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if first, twice := seen[parsed.hash]; twice {
			return nil, fmt.Errorf("line %d: the same token as in line %d", number, first)
		}
		seen[parsed.hash] = number
		t.lines = append(t.lines, parsed)
	}
	return t, nil
}

func parseTokenLine(fields []string) (line tokenLine, err error) {
	if len(fields) < 2 {
		return line, errors.New("want an identity and the hash of a token")
	}
	line.subject = Subject{Identity: Identity{Name: fields[0]}, Method: MethodToken}
	if err := checkWord(fields[0]); err != nil {
		return line, fmt.Errorf("the identity %w", err)
	}
	digits, found := strings.CutPrefix(fields[1], "sha256:")
	hash, err := hex.DecodeString(digits)
	if !found || err != nil || len(hash) != sha256.Size {
		return line, errors.New("want sha256: and 64 hexadecimal digits after the identity")
	}
	copy(line.hash[:], hash)
	line.subject.Key = hex.EncodeToString(hash)
	for _, field := range fields[2:] {
		if err := line.set(field); err != nil {
			return line, err
		}
	}
	return line, nil
}

// set sets what a field such as groups=a,b says.
func (l *tokenLine) set(field string) error {
	name, value, _ := strings.Cut(field, "=")
	switch {
	case name == "groups" && l.subject.Groups == nil:
		l.subject.Groups = strings.Split(value, ",")
		for _, group := range l.subject.Groups {
			if err := checkWord(group); err != nil {
				return fmt.Errorf("a group %w", err)
			}
		}
		return l.subject.Check()
	case name == "expires" && l.subject.Expires.IsZero():
		expires, err := time.Parse(time.RFC3339, value)
		if err != nil || expires.IsZero() {
			return errors.New("expires: want a time such as 2027-01-31T00:00:00Z")
		}
		l.subject.Expires = expires
		return nil
	}
	return errors.New("want only groups=... and expires=... after the hash, each at most once")
}

// Method returns [MethodToken].
func (t *Tokens) Method() string { return MethodToken }

// Authenticate returns whose token it is. It compares with every line in constant time, so that the
// time tells nothing about the hashes.
func (t *Tokens) Authenticate(_ context.Context, c Credential) (Subject, error) {
	if c.Token == "" {
		return Subject{}, ErrNotMine
	}
	hash := sha256.Sum256([]byte(c.Token))
	found := -1
	for i := range t.lines {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(hash[:], t.lines[i].hash[:]), i, found)
	}
	if found < 0 {
		return Subject{}, ErrNotMine // it may be another kind of token
	}
	return t.lines[found].subject, nil
}

// Recheck looks for the token in a later file. It may have other groups there, and expire at another time.
func (t *Tokens) Recheck(s Subject) (Subject, bool) {
	for i := range t.lines {
		if l := &t.lines[i].subject; l.Key == s.Key && l.Name == s.Name {
			return *l, true
		}
	}
	return Subject{}, false
}
