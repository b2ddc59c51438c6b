package wiretest

import (
	"errors"
	"fmt"
	"strings"
)

// parseAccess reads a line that says what the operator of the broker does about credentials and
// permissions.
func parseAccess(text string) (Step, error) {
	verb, rest, _ := strings.Cut(text, " ")
	conn, rest, _ := strings.Cut(rest, " ")
	if len(conn) != 1 || !strings.Contains(conns, conn) {
		return Step{}, errors.New("want broker trusts, permits or revokes, and then a, b or c")
	}
	step := Step{Conn: conn}
	switch {
	case verb == "revokes" && rest == "":
		step.Kind = Revoke
		return step, nil
	case verb == "trusts" && rest == "":
		step.Kind = Trust
		return step, nil
	case verb == "permits" && rest == "nothing":
		step.Kind = Withdraw
		return step, nil
	case verb == "permits":
		return step.parsePermit(rest)
	}
	wait, isTimed := strings.CutPrefix(rest, "for ")
	if verb != "trusts" || !isTimed {
		return Step{}, fmt.Errorf("want broker trusts a for 4s, not %.20q", text)
	}
	passed, err := parsePass(wait)
	step.Kind, step.Wait = Trust, passed.Wait
	return step, err
}

func (s Step) parsePermit(text string) (Step, error) {
	verbs, globs, found := strings.Cut(text, " on ")
	if !found || verbs == "" || globs == "" {
		return Step{}, fmt.Errorf("want verbs, on, and globs, not %.20q", text)
	}
	s.Kind, s.Allow, s.Locks = Permit, strings.Split(verbs, ","), strings.Fields(globs)
	return s, nil
}
