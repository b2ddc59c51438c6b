package wiretest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

func parseStep(line string) (Step, error) {
	subject, rest, _ := strings.Cut(line, " ")
	if subject == ".." {
		return parsePass(rest)
	}
	if wait, ok := strings.CutPrefix(line, graceLine); ok {
		step, err := parsePass(wait)
		step.Kind = Grace
		return step, err
	}
	if len(subject) != 1 || !strings.Contains(conns, subject) {
		return Step{}, fmt.Errorf("want a, b, c, .. or # at the start, not %.20q", subject)
	}
	step := Step{Conn: subject}
	switch rest {
	case "connects":
		step.Kind = Connect
		return step, nil
	case "closes":
		step.Kind = Close
		return step, nil
	case "vanishes":
		step.Kind = Vanish
		return step, nil
	}
	if query, connects := strings.CutPrefix(rest, "connects with "); connects {
		step.Kind, step.Query = Connect, query
		return step, nil
	}
	if code, closes := strings.CutPrefix(rest, "closes "); closes {
		return step.parseClose(code)
	}
	arrow, what, _ := strings.Cut(rest, " ")
	if what == "" {
		return Step{}, errors.New("want connects, closes, vanishes, or an arrow and a frame")
	}
	switch arrow {
	case "->":
		return step.parseSend(what), nil
	case "<-":
		return step.parseReceive(what)
	}
	return Step{}, fmt.Errorf("want -> or <-, not %.20q", arrow)
}

func parsePass(text string) (Step, error) {
	wait, err := time.ParseDuration(text)
	if err != nil || wait <= 0 {
		return Step{}, fmt.Errorf("want a duration above 0 such as 5s, not %.20q", text)
	}
	return Step{Kind: Pass, Wait: wait}, nil
}

func (s Step) parseSend(what string) Step {
	if what == "binary" {
		s.Kind = SendBinary
		return s
	}
	s.Kind, s.Frame = Send, []byte(what)
	return s
}

func (s Step) parseReceive(what string) (Step, error) {
	word, rest, _ := strings.Cut(what, " ")
	if word != "close" {
		s.Kind, s.Frame = Receive, []byte(what)
		return s, nil
	}
	code, reason, _ := strings.Cut(rest, " ")
	n, err := closeCode(code)
	if err != nil {
		return Step{}, err
	}
	s.Kind, s.Code, s.Reason = Closed, n, reason
	return s, nil
}

func (s Step) parseClose(code string) (Step, error) {
	n, err := closeCode(code)
	if err != nil {
		return Step{}, err
	}
	s.Kind, s.Code = Close, n
	return s, nil
}

func closeCode(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1000 || n > 4999 {
		return 0, fmt.Errorf("want a close code, 1000 to 4999, not %.20q", text)
	}
	return n, nil
}
