//go:build unix

package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
)

// leastSecret is the length of the shortest text that is searched for. Shorter texts occur by chance.
const leastSecret = 10

// secrets are texts that nobody may be told, by name.
type secrets map[string]string

// forms returns the texts under which a secret could be told: itself, its halves, its encodings and its hash. The names
// of the forms are the keys.
func forms(secret string) map[string]string {
	sum := sha256.Sum256([]byte(secret))
	all := map[string]string{
		"text": secret, "first half": secret[:len(secret)/2], "second half": secret[len(secret)/2:],
		"hex": hex.EncodeToString([]byte(secret)), "quoted": strings.Trim(fmt.Sprintf("%q", secret), `"`),
		"sha256": hex.EncodeToString(sum[:]), "sha256 in base64": base64.RawStdEncoding.EncodeToString(sum[:]),
		"sha256 in base64url": base64.RawURLEncoding.EncodeToString(sum[:]),
	}
	// Inside of other text, base64 begins at one of three places. The first and the last characters depend on the
	// neighbours.
	for place := range 3 {
		text := []byte(strings.Repeat("x", place) + secret)
		for name, encoding := range map[string]*base64.Encoding{
			"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding,
		} {
			encoded := encoding.EncodeToString(text)
			all[fmt.Sprint(name, " at ", place)] = encoded[min(4, len(encoded)/2) : len(encoded)-2]
		}
	}
	maps.DeleteFunc(all, func(_, text string) bool { return len(text) < leastSecret })
	return all
}

// told is everything that somebody was told, by who told it.
type told struct {
	mu  sync.Mutex
	all map[string]*strings.Builder
}

func newTold() *told { return &told{all: map[string]*strings.Builder{}} }

// add adds text that one source has told.
func (o *told) add(source, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.all[source] == nil {
		o.all[source] = &strings.Builder{}
	}
	o.all[source].WriteString(text)
	o.all[source].WriteByte('\n')
}

// writer returns a writer for what a program writes.
func (o *told) writer(source string) toldWriter { return toldWriter{o, source} }

type toldWriter struct {
	*told
	source string
}

// Write implements io.Writer.
func (w toldWriter) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all[w.source] == nil {
		w.all[w.source] = &strings.Builder{}
	}
	return w.all[w.source].Write(text)
}

// text returns what a source has told so far.
func (o *told) text(source string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.all[source] == nil {
		return ""
	}
	return o.all[source].String()
}

// find returns where forms of the secrets were told: "source: name of the secret, form".
func (o *told) find(all secrets) (found []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for name, secret := range all {
		for form, needle := range forms(secret) {
			for source, text := range o.all {
				// A form in hexadecimal digits may be in upper case.
				if strings.Contains(text.String(), needle) ||
					strings.Contains(text.String(), strings.ToUpper(needle)) {
					found = append(found, fmt.Sprintf("%s: %s, %s", source, name, form))
				}
			}
		}
	}
	slices.Sort(found)
	return found
}

// TestFind checks that the search finds a secret in each of its forms.
func TestFind(t *testing.T) {
	const secret = "lbt_Wk9fQx-7pZr_t3Ns8vYb"
	sum := sha256.Sum256([]byte(secret))
	for _, text := range []string{
		"Bearer " + secret, `"` + secret[:len(secret)/2], secret[len(secret)/2:] + "...",
		"lockbroker.bearer." + base64.RawURLEncoding.EncodeToString([]byte(secret)),
		base64.StdEncoding.EncodeToString([]byte("ann:" + secret)),
		base64.StdEncoding.EncodeToString([]byte("anna:" + secret + "\n")),
		base64.StdEncoding.EncodeToString([]byte("annie:" + secret)),
		fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret),
		fmt.Sprintf("sha256:%x", sum), fmt.Sprintf("%X", sum),
		base64.StdEncoding.EncodeToString(sum[:]),
	} {
		o := newTold()
		o.add("somebody", text)
		if len(o.find(secrets{"token": secret})) == 0 {
			t.Errorf("%s is not found", text)
		}
	}
	o := newTold()
	o.add("somebody", "lbt_another")
	if found := o.find(secrets{"token": secret}); len(found) > 0 {
		t.Errorf("found %q", found)
	}
}
