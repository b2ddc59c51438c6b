package deploy

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const prometheus = root + "/examples/deploy/prometheus"

// A ruleFile has what the tests need of a file with rules.
type ruleFile struct {
	Groups []ruleGroup `json:"groups"`
}

type ruleGroup struct {
	Name  string `json:"name"`
	Rules []rule `json:"rules"`
}

type rule struct {
	Alert  string `json:"alert,omitempty"`
	Record string `json:"record,omitempty"`
	Expr   string `json:"expr"`
}

func readAlerts(t *testing.T) []rule {
	t.Helper()
	var file ruleFile
	if err := yaml.Unmarshal(read(t, prometheus+"/alerts.yaml"), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Groups) != 1 || len(file.Groups[0].Rules) == 0 {
		t.Fatal("want one group, with rules")
	}
	return file.Groups[0].Rules
}

// promtool runs promtool in the folder of the rules. If there is none, the test is skipped, but it fails in .ci/run.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	program, err := exec.LookPath("promtool")
	if errors.Is(err, exec.ErrNotFound) && os.Getenv("CI") != "true" {
		t.Skip("there is no promtool; it is in the package prometheus of Debian")
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = prometheus
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("promtool %q: %v\n%s", args, err, out)
	}
}

// promtool accepts the rules and their tests.
func TestAlerts(t *testing.T) {
	promtool(t, "check", "rules", "alerts.yaml")
	promtool(t, "test", "rules", "alerts_test.yaml")
}

// Each alert has a test in which it fires, and is silent at another time.
func TestEveryAlertIsTested(t *testing.T) {
	var file struct {
		Tests []struct {
			AlertRuleTest []struct {
				Alertname string `json:"alertname"`
				ExpAlerts []any  `json:"exp_alerts"`
			} `json:"alert_rule_test"`
		} `json:"tests"`
	}
	if err := yaml.Unmarshal(read(t, prometheus+"/alerts_test.yaml"), &file); err != nil {
		t.Fatal(err)
	}
	silent, fires := make(map[string]bool), make(map[string]bool)
	for _, test := range file.Tests {
		for _, at := range test.AlertRuleTest {
			if len(at.ExpAlerts) == 0 {
				silent[at.Alertname] = true
			} else {
				fires[at.Alertname] = true
			}
		}
	}
	for _, rule := range readAlerts(t) {
		if !silent[rule.Alert] || !fires[rule.Alert] {
			t.Errorf("%s: tested that it is silent: %t, that it fires: %t",
				rule.Alert, silent[rule.Alert], fires[rule.Alert])
		}
	}
}

// promtool accepts the configuration, which names the rules. The alerts are about the jobs in it.
func TestPrometheusConfiguration(t *testing.T) {
	m := readManifests(t)
	var config struct {
		RuleFiles     []string `json:"rule_files"`
		ScrapeConfigs []struct {
			JobName string `json:"job_name"`
		} `json:"scrape_configs"`
	}
	if err := yaml.Unmarshal(read(t, prometheus+"/prometheus.yml"), &config); err != nil {
		t.Fatal(err)
	}
	if len(config.RuleFiles) != 1 || !exists(filepath.Join(prometheus, config.RuleFiles[0])) {
		t.Errorf("the rule files are %q", config.RuleFiles)
	}
	for _, job := range config.ScrapeConfigs {
		if !strings.HasPrefix(job.JobName, "lockbroker") {
			t.Errorf("no alert is about the job %s", job.JobName)
		}
	}
	if len(config.ScrapeConfigs) == 0 {
		t.Error("there is no job")
	}
	address := fmt.Sprintf("%s.%s.svc:", m.service.Name, m.namespace.Name)
	if !strings.Contains(string(read(t, prometheus+"/prometheus.yml")), address) {
		t.Errorf("no target is the Service %s", address)
	}
	promtool(t, "check", "config", "--syntax-only", "prometheus.yml") // the files of its credentials are not here
}
