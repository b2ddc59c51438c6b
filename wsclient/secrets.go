package wsclient

import (
	"net/url"
	"slices"
	"strings"
)

// withoutSecrets returns text without the values in the query of the address and in the header, because some servers
// repeat the request in their answer.
func (a *attempt) withoutSecrets(text string) string {
	text = strings.ReplaceAll(text, a.target.RawQuery, hiddenText)
	for pair := range strings.SplitSeq(a.target.RawQuery, "&") {
		name, raw, _ := strings.Cut(pair, "=")
		if slices.Contains([]string{"client", "alive", "draining", "resume"}, name) { // the client's own
			continue
		}
		plain, _ := url.QueryUnescape(raw)
		text = without(raw, without(plain, text))
	}
	for _, values := range a.header {
		for _, value := range values {
			_, token, _ := strings.Cut(value, " ") // after the scheme of an Authorization field
			text = without(token, without(value, text))
		}
	}
	return text
}

const hiddenText = "..."

// without returns text without a secret. At the end of text, it also looks for a part of the secret, because text may
// have been cut off.
func without(secret, text string) string {
	const long = 4 // shorter values are not secrets, and could be part of any word
	if len(secret) < long {
		return text
	}
	text = strings.ReplaceAll(text, secret, hiddenText)
	for n := min(len(secret), len(text)); n >= long; n-- {
		if rest, found := strings.CutSuffix(text, secret[:n]); found {
			return rest + hiddenText
		}
	}
	return text
}
