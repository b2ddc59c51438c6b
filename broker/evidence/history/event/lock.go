package event

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A Lock is one lock of a request. Its text is the name, then :shared, then a colon and the limit.
type Lock struct {
	Name   string `json:"name"`
	Shared bool   `json:"shared,omitempty"`
	Limit  int    `json:"limit,omitempty"` // 0: none
}

// Most returns how many requests may hold the lock together with a request that holds it like this.
func (l Lock) Most() int {
	switch {
	case !l.Shared:
		return 1
	case l.Limit > 0:
		return l.Limit
	}
	return math.MaxInt
}

// String returns the text of the lock.
func (l Lock) String() string {
	switch {
	case !l.Shared:
		return l.Name
	case l.Limit > 0:
		return fmt.Sprintf("%s:shared:%d", l.Name, l.Limit)
	}
	return l.Name + ":shared"
}

// Names returns the texts of locks, with spaces in between.
func Names(locks []Lock) string {
	var texts []string
	for _, l := range locks {
		texts = append(texts, l.String())
	}
	return strings.Join(texts, " ")
}

func parseLocks(text string) ([]Lock, error) {
	var locks []Lock
	for word := range strings.FieldsSeq(text) {
		l, err := parseLock(word)
		if err != nil {
			return nil, err
		}
		locks = append(locks, l)
	}
	if len(locks) == 0 {
		return nil, errors.New("want at least one lock")
	}
	return locks, nil
}

func parseLock(text string) (Lock, error) {
	name, mode, shared := strings.Cut(text, ":")
	l := Lock{Name: name, Shared: shared}
	if !shared {
		return l, nil
	}
	mode, limit, limited := strings.Cut(mode, ":")
	if mode != "shared" {
		return Lock{}, fmt.Errorf("lock %q: unknown mode", text)
	}
	if limited {
		var err error
		if l.Limit, err = strconv.Atoi(limit); err != nil {
			return Lock{}, fmt.Errorf("lock %q: limit: %w", text, err)
		}
	}
	return l, nil
}
