package broker

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// pathLetters lists the characters that mean the same in a path whether they are escaped or not (RFC
// 3986, section 2.3).
const pathLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"

// CheckBasePath returns an error if text is not valid as [Config].BasePath.
func CheckBasePath(text string) error {
	if text == "" {
		return nil
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(text, "/"), "/") {
		if text[0] != '/' || part == "." || part == ".." || !consistsOf(part, pathLetters) {
			return fmt.Errorf(`base path %.80q: want one such as "/locks": ASCII letters, digits, `+
				`"-", "_", "." and "~" after each slash, and no slash at the end`, text)
		}
	}
	return nil
}

// below serves a handler below a base path. A request for any other path gets 404, which says where
// the broker is. This includes paths that net/http would redirect, because it does not know the base
// path. If there is a page at the base path, it ends with a slash, so that relative URLs in the page lead
// to what is below the base path.
func below(base string, hasPage bool, next http.Handler) http.Handler {
	if base == "" {
		return next
	}
	inside := http.StripPrefix(base, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at := r.URL.Path
		switch {
		case hasPage && at == base && (r.Method == http.MethodGet || r.Method == http.MethodHead):
			to := url.URL{Path: base + "/", RawQuery: r.URL.RawQuery}
			http.Redirect(w, r, to.String(), http.StatusTemporaryRedirect)
		case hasPage && at == base+"/", strings.HasPrefix(at, base+"/") && path.Clean(at) == at:
			inside.ServeHTTP(w, r)
		default:
			http.Error(w, "this lock broker serves only what is below "+base+"/, such as "+base+"/ws",
				http.StatusNotFound)
		}
	})
}
