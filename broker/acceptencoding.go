package broker

import (
	"strconv"
	"strings"
)

// prefersGzip reports whether these Accept-Encoding headers give gzip at least the same weight as
// the identity encoding (RFC 9110, section 12.5.3). A malformed weight counts as a refusal.
func prefersGzip(headers []string) bool {
	const unsaid = -1.0
	gzip, identity, others := unsaid, unsaid, unsaid
	for coding := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		name, parameters, _ := strings.Cut(coding, ";")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip": // the same coding: section 8.4.1.3
			gzip = max(gzip, weight(parameters))
		case "identity":
			identity = weight(parameters)
		case "*":
			others = weight(parameters)
		}
	}
	if gzip == unsaid {
		gzip = others
	}
	return gzip > 0 && gzip >= identity
}

// weight parses a weight such as "q=0.5". It returns 1 for "", and 0 for anything malformed.
func weight(parameters string) float64 {
	parameters = strings.TrimSpace(parameters)
	if parameters == "" {
		return 1
	}
	name, value, _ := strings.Cut(parameters, "=")
	q, err := strconv.ParseFloat(value, 64)
	if !strings.EqualFold(name, "q") || err != nil || !(q >= 0 && q <= 1) { // the comparisons are false for NaN
		return 0
	}
	return q
}
