package broker

import (
	"fmt"
	"net/http"
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
// path.
func below(base string, next http.Handler) http.Handler {
	if base == "" {
		return next
	}
	inside := http.StripPrefix(base, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, base+"/") || path.Clean(r.URL.Path) != r.URL.Path {
			http.Error(w, "this lock broker serves only what is below "+base+"/, such as "+base+"/ws",
				http.StatusNotFound)
			return
		}
		inside.ServeHTTP(w, r)
	})
}
