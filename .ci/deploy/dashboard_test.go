package deploy

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// A dashboard has what the tests need of a dashboard of Grafana.
type dashboard struct {
	ID         *int   `json:"id"` // Grafana gives one when a dashboard is imported
	UID        string `json:"uid"`
	Title      string `json:"title"`
	Templating struct {
		List []struct{ Name, Type string } `json:"list"`
	} `json:"templating"`
	Panels []panel `json:"panels"`
}

type panel struct {
	ID          int                            `json:"id"`
	Type        string                         `json:"type"`
	Title       string                         `json:"title"`
	Description string                         `json:"description"`
	Datasource  struct{ Type, UID string }     `json:"datasource"`
	GridPos     struct{ X, Y, W, H int }       `json:"gridPos"`
	Targets     []struct{ RefID, Expr string } `json:"targets"`
	FieldConfig struct {
		Defaults struct{ Unit string } `json:"defaults"`
	} `json:"fieldConfig"`
}

func readDashboard(t *testing.T) *dashboard {
	t.Helper()
	d := new(dashboard)
	if err := json.Unmarshal(read(t, prometheus+"/dashboard.json"), d); err != nil {
		t.Fatal(err)
	}
	return d
}

// expressions returns the expressions of a panel, without the variables of Grafana.
func (p *panel) expressions() []string {
	var all []string
	for _, target := range p.Targets {
		all = append(all, strings.NewReplacer(
			"$__rate_interval", "5m", "$job", ".*", "$instance", ".*",
		).Replace(target.Expr))
	}
	return all
}

// The dashboard can be imported: it has no id, and asks for its data source. Each panel has what a reader needs, and
// lies beside the others.
func TestDashboard(t *testing.T) {
	d := readDashboard(t)
	if d.ID != nil || d.UID == "" || d.Title == "" {
		t.Error("want a uid and a title, and no id")
	}
	var variables []string
	for _, variable := range d.Templating.List {
		variables = append(variables, variable.Name)
	}
	if want := []string{"datasource", "job", "instance"}; !slices.Equal(variables, want) {
		t.Errorf("the variables are %q, want %q", variables, want)
	}
	ids, cells := make(map[int]bool), make(map[[2]int]string)
	for _, p := range d.Panels {
		if ids[p.ID] {
			t.Errorf("two panels have the id %d", p.ID)
		}
		ids[p.ID] = true
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				cell := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				if other := cells[cell]; other != "" || cell[0] >= 24 {
					t.Fatalf("%q covers %q, or is too wide", p.Title, other)
				}
				cells[cell] = p.Title
			}
		}
		p.check(t)
	}
	if len(d.Panels) < 20 {
		t.Errorf("the dashboard has only %d panels", len(d.Panels))
	}
}

// check checks a panel on its own. A row has only a title.
func (p *panel) check(t *testing.T) {
	t.Helper()
	if p.Title == "" {
		t.Errorf("panel %d has no title", p.ID)
	}
	if p.Type == "row" {
		return
	}
	if p.Datasource.UID != "${datasource}" || p.FieldConfig.Defaults.Unit == "" || p.Description == "" {
		t.Errorf("%q: want the variable datasource, a unit and a description", p.Title)
	}
	if len(p.Targets) == 0 {
		t.Errorf("%q shows nothing", p.Title)
	}
	for _, target := range p.Targets {
		selected := strings.Count(target.Expr, "lockbroker_") + strings.Count(target.Expr, "brokerd_") +
			strings.Count(target.Expr, "process_") + strings.Count(target.Expr, "go_")
		if n := strings.Count(target.Expr, `job=~"$job", instance=~"$instance"`); n == 0 || n != selected {
			t.Errorf("%q: not all metrics are of the instance: %s", p.Title, target.Expr)
		}
	}
}

// promtool parses each expression of the dashboard, as a rule that records it.
func TestDashboardExpressions(t *testing.T) {
	file := ruleFile{Groups: []ruleGroup{{Name: "dashboard"}}}
	for _, p := range readDashboard(t).Panels {
		for n, expression := range p.expressions() {
			name := fmt.Sprintf("panel:%d:%d", p.ID, n)
			file.Groups[0].Rules = append(file.Groups[0].Rules, rule{Record: name, Expr: expression})
		}
	}
	text, err := yaml.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, "check", "rules", path)
}
