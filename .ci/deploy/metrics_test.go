package deploy

import (
	"regexp"
	"strings"
	"testing"
)

// The alerts and the dashboard name only metrics, labels and values that exist. They exist from the start, so
// that increase() sees the first event.
func TestMetricsExist(t *testing.T) {
	samples := scrape(t)
	if len(samples) < 100 {
		t.Fatalf("brokerd has only %d samples", len(samples))
	}
	expressions := make(map[string]string)
	for _, rule := range readAlerts(t) {
		expressions[rule.Expr] = rule.Alert
	}
	for _, p := range readDashboard(t).Panels {
		for _, expression := range p.expressions() {
			expressions[expression] = p.Title
		}
	}
	for expression, where := range expressions {
		for _, mistake := range mistakes(samples, expression) {
			t.Errorf("%s: %s: %s", where, mistake, expression)
		}
	}
	for _, expression := range []string{ // the check finds mistakes
		"lockbroker_grant_total", "lockbroker_wait_seconds", "lockbroker_grants_total_sum", "vector(1)",
		`lockbroker_requests{how="released"}`, `lockbroker_requests{state="waits"}`,
		"sum by (client) (lockbroker_requests)", `lockbroker_requests{job="b", state="waits"}`,
	} {
		if len(mistakes(samples, expression)) == 0 {
			t.Errorf("%s: no mistake was found", expression)
		}
	}
}

// Prometheus adds these labels.
const added = "job instance"

// mistakes returns which selectors of an expression select no sample, and which labels it groups by that none has.
func mistakes(samples []sample, expression string) (found []string) {
	selectors := regexp.MustCompile(`\b((?:lockbroker|brokerd|process|go)_\w+|up)\b(?:\{([^}]*)\})?`)
	groups := regexp.MustCompile(`\bby \(([^)]*)\)`)
	labels := strings.Fields(added)
	all := selectors.FindAllStringSubmatch(expression, -1)
	for _, m := range all {
		selected := false
		for _, s := range samples {
			if s.name != m[1] || !s.matches(m[2]) {
				continue
			}
			selected = true
			for label := range s.labels {
				labels = append(labels, label)
			}
		}
		if !selected && m[1] != "up" { // Prometheus makes up
			found = append(found, "nothing is selected by "+m[0])
		}
	}
	has := " " + strings.Join(labels, " ") + " "
	for _, m := range groups.FindAllStringSubmatch(expression, -1) {
		for name := range strings.SplitSeq(m[1], ",") {
			if name = strings.TrimSpace(name); !strings.Contains(has, " "+name+" ") {
				found = append(found, "no metric has the label "+name)
			}
		}
	}
	if len(all) == 0 {
		found = append(found, "no metric is named")
	}
	return found
}

// matches reports whether the sample matches the matchers. The expressions compare with = and !=, and with =~ only the
// labels that Prometheus adds.
func (s *sample) matches(matchers string) bool {
	if matchers == "" {
		return true
	}
	matcher := regexp.MustCompile(`(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"`)
	for _, m := range matcher.FindAllStringSubmatch(matchers, -1) {
		if strings.Contains(added, m[1]) {
			continue
		}
		value, has := s.labels[m[1]]
		if isEqual := value == m[3]; !has || isEqual != (m[2] == "=") || strings.Contains(m[2], "~") {
			return false
		}
	}
	return true
}
