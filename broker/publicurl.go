package broker

import (
	"fmt"
	"strings"
)

// CheckPublicURL returns an error if text is not valid in [Config].PublicURLs.
func CheckPublicURL(text string) error {
	_, err := parsePublicURL(text)
	return err
}

// parsePublicURL returns the origin of the pages at a public URL. It refuses a path, because a
// browser does not send one in an Origin header: every page of the origin would be allowed.
func parsePublicURL(text string) (origin, error) {
	page, ok := parseOrigin(strings.ToLower(strings.TrimSuffix(text, "/")))
	if !ok {
		if short, ok := withoutPath(text); ok {
			const format = `URL %q: want it without the path, %q: a browser does not send the path, ` +
				`so every page of that origin may use the broker`
			return origin{}, fmt.Errorf(format, text, short)
		}
	}
	if !ok || page.scheme != "http" && page.scheme != "https" {
		return origin{}, fmt.Errorf(`URL %q: want one like "https://locks.example", with http or https, `+
			`without a path`, text)
	}
	return page, nil
}

// withoutPath returns a URL without its path, if that is a public URL.
func withoutPath(text string) (short string, ok bool) {
	scheme, rest, _ := strings.Cut(text, "://")
	host, _, hasPath := strings.Cut(rest, "/")
	if !hasPath {
		return "", false
	}
	short = scheme + "://" + host
	_, err := parsePublicURL(short)
	return short, err == nil
}

// publicURL returns the public URL at which pages of o would be the broker's own. ok is false for an
// origin that no broker has, such as a browser extension.
func (o origin) publicURL() (text string, ok bool) {
	if o.scheme != "http" && o.scheme != "https" {
		return "", false
	}
	text = o.scheme + "://" + o.host
	if o.port != "" {
		text += ":" + o.port
	}
	return text, true
}
