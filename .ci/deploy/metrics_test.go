package deploy

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A metric is a row of the page on metrics.
type metric struct {
	kind   string
	labels []string
}

// others are metrics that are on no page: those of brokerd, of the process and of Go that the dashboard and the alerts
// use, and up, which Prometheus makes itself.
var others = map[string]metric{
	"brokerd_certificate_expiry_timestamp_seconds": {kind: "gauge"},
	"brokerd_log_lines_dropped_total":              {kind: "counter"},

	"process_resident_memory_bytes": {kind: "gauge"},
	"process_cpu_seconds_total":     {kind: "counter"},
	"go_goroutines":                 {kind: "gauge"},
	"up":                            {kind: "gauge"},
}

// metrics returns the metrics of the pages, by name.
func metrics(t *testing.T) map[string]metric {
	t.Helper()
	all := maps.Clone(others)
	row := regexp.MustCompile("(?m)^\\| `((?:lockbroker|brokerd)_\\w+)` \\| (\\w+) \\| ([^|]*) \\|")
	for _, page := range []string{"broker/METRICS.md", "cmd/brokerd/README.md"} {
		for _, m := range row.FindAllStringSubmatch(string(read(t, root+"/"+page)), -1) {
			var labels []string
			for label := range strings.SplitSeq(m[3], ",") {
				if label = strings.Trim(label, " `"); label != "" {
					labels = append(labels, label)
				}
			}
			all[m[1]] = metric{kind: m[2], labels: labels}
		}
	}
	if len(all) < 30 {
		t.Fatalf("the pages name only %d metrics", len(all))
	}
	return all
}

// find returns the metric of a series, which may be a part of a histogram.
func find(all map[string]metric, series string) (metric, bool) {
	m, ok := all[series]
	if ok && m.kind != "histogram" {
		return m, true
	}
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		if name, isPart := strings.CutSuffix(series, suffix); isPart && all[name].kind == "histogram" {
			return all[name], true
		}
	}
	return metric{}, false
}

// The alerts and the dashboard name only metrics that exist, each with labels that it has.
func TestMetricsExist(t *testing.T) {
	all := metrics(t)
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
		for _, mistake := range mistakes(all, expression) {
			t.Errorf("%s: %s: %s", where, mistake, expression)
		}
	}
}

// mistakes returns what is wrong with the metrics and labels of an expression.
func mistakes(all map[string]metric, expression string) (found []string) {
	series := regexp.MustCompile(`\b((?:lockbroker|brokerd|process|go)_\w+|up)\b(?:\{([^}]*)\})?`)
	label := regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)`)
	known := []string{"job", "instance", "le"} // of all metrics of the expression
	names := series.FindAllStringSubmatch(expression, -1)
	for _, m := range names {
		one, exists := find(all, m[1])
		if !exists {
			found = append(found, "there is no metric "+m[1])
		}
		for _, l := range label.FindAllStringSubmatch(m[2], -1) {
			if !slices.Contains(one.labels, l[1]) && l[1] != "job" && l[1] != "instance" {
				found = append(found, m[1]+" has no label "+l[1])
			}
		}
		known = append(known, one.labels...)
	}
	for _, m := range regexp.MustCompile(`\bby \(([^)]*)\)`).FindAllStringSubmatch(expression, -1) {
		for name := range strings.SplitSeq(m[1], ",") {
			if name = strings.TrimSpace(name); !slices.Contains(known, name) {
				found = append(found, "no metric has the label "+name)
			}
		}
	}
	if len(names) == 0 {
		found = append(found, "no metric is named")
	}
	return found
}

// The checks above find mistakes.
func TestMistakesAreFound(t *testing.T) {
	all := metrics(t)
	for _, expression := range []string{
		"lockbroker_grant_total", "lockbroker_wait_seconds", "lockbroker_grants_total_sum", "vector(1)",
		`lockbroker_requests{how="released"}`, "sum by (client) (lockbroker_requests)",
	} {
		if len(mistakes(all, expression)) == 0 {
			t.Errorf("%s: no mistake was found", expression)
		}
	}
}
