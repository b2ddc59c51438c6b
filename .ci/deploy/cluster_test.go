package deploy

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"
)

const kubernetesEtcd = root + "/examples/deploy/kubernetes-etcd"

// clusterManifests are the objects of two brokers that share a record in etcd.
type clusterManifests struct {
	namespace corev1.Namespace
	brokers   appsv1.Deployment
	service   corev1.Service
	config    corev1.ConfigMap
	tokens    corev1.Secret
	network   networkingv1.NetworkPolicy
	budget    policyv1.PodDisruptionBudget
}

func readCluster(t *testing.T) *clusterManifests {
	t.Helper()
	m := new(clusterManifests)
	buildManifests(t, kubernetesEtcd, map[string]any{
		"Namespace": &m.namespace, "Deployment": &m.brokers, "Service": &m.service, "ConfigMap": &m.config,
		"Secret": &m.tokens, "NetworkPolicy": &m.network, "PodDisruptionBudget": &m.budget,
	})
	return m
}

// A clusterConfig has the keys of brokerd.yaml that the manifests must fit.
type clusterConfig struct {
	brokerConfig

	Etcd   []string `json:"etcd"`
	CACert string   `json:"etcd-cacert"`
	Cert   string   `json:"etcd-cert"`
	Key    string   `json:"etcd-key"`
}

func (m *clusterManifests) configuration(t *testing.T) *clusterConfig {
	t.Helper()
	c := new(clusterConfig)
	if err := yaml.Unmarshal([]byte(m.config.Data["brokerd.yaml"]), c); err != nil {
		t.Fatal(err)
	}
	return c
}

// The pods keep to the strictest Pod Security Standard, and differ from the pod of a broker alone only where they must.
func TestClusterPod(t *testing.T) {
	m := readCluster(t)
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	template := &m.brokers.Spec.Template
	strictest := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, result := range evaluator.EvaluatePod(strictest, &template.ObjectMeta, &template.Spec) {
		if !result.Allowed {
			t.Errorf("%s: %s", result.ForbiddenReason, result.ForbiddenDetail)
		}
	}
	alone := readManifests(t)
	if !reflect.DeepEqual(m.namespace, alone.namespace) || !reflect.DeepEqual(m.tokens.Data, alone.tokens.Data) {
		t.Error("the namespace or the tokens differ from the deployment of one broker")
	}
	one, other := alone.container(t).DeepCopy(), onlyContainer(t, &template.Spec).DeepCopy()
	for _, c := range []*corev1.Container{one, other} {
		c.Args, c.Env, c.VolumeMounts = nil, nil, nil
	}
	if !reflect.DeepEqual(one, other) {
		t.Errorf("the container is\n%+v\nwant, as with one broker,\n%+v", other, one)
	}
	pod, podAlone := template.Spec, alone.broker.Spec.Template.Spec
	if *pod.AutomountServiceAccountToken || *pod.EnableServiceLinks || *pod.SecurityContext.RunAsUser != 65532 {
		t.Error("the pod has more rights than with one broker")
	}
	if *pod.TerminationGracePeriodSeconds != *podAlone.TerminationGracePeriodSeconds {
		t.Error("the pod has more or less time to end than with one broker")
	}
}

// An owner that must end always has a standby, and clients reach every broker, also one that is not ready.
func TestClusterStaysUp(t *testing.T) {
	m := readCluster(t)
	spec := &m.brokers.Spec
	rolling := spec.Strategy.RollingUpdate
	if *spec.Replicas != 2 || rolling.MaxSurge.IntValue() != 1 || rolling.MaxUnavailable.IntValue() != 0 {
		t.Error("want two brokers, and during an update three")
	}
	if m.budget.Spec.MinAvailable.IntValue() != 1 {
		t.Error("want one broker at least while nodes are drained")
	}
	if !m.service.Spec.PublishNotReadyAddresses || m.service.Spec.ClusterIP != corev1.ClusterIPNone {
		t.Error("clients do not reach every broker, or not in its grace period")
	}
	pod := labels.Set(spec.Template.Labels)
	for name, selector := range map[string]*metav1.LabelSelector{
		"Deployment": spec.Selector, "NetworkPolicy": &m.network.Spec.PodSelector,
		"PodDisruptionBudget": m.budget.Spec.Selector,
		"Service":             {MatchLabels: m.service.Spec.Selector},
		"spread":              spec.Template.Spec.TopologySpreadConstraints[0].LabelSelector,
	} {
		parsed, err := metav1.LabelSelectorAsSelector(selector)
		if err != nil {
			t.Fatal(err)
		}
		if parsed.Empty() || !parsed.Matches(pod) {
			t.Errorf("the selector of the %s is %s, and the pod has the labels %s", name, parsed, pod)
		}
	}
}

// Each broker advertises the address of its pod and the port on which it listens.
func TestClusterAddresses(t *testing.T) {
	m := readCluster(t)
	c, config := onlyContainer(t, &m.brokers.Spec.Template.Spec), m.configuration(t)
	locks, admin := portOf(t, config.Listen), portOf(t, config.AdminListen)
	ports := make(map[string]int32)
	for _, port := range c.Ports {
		ports[port.Name] = port.ContainerPort
	}
	if want := map[string]int32{"locks": locks, "admin": admin}; !maps.Equal(ports, want) {
		t.Errorf("the ports of the container are %v, and brokerd listens on %v", ports, want)
	}
	for _, port := range m.service.Spec.Ports { // a name without an address of its own cannot change ports
		if port.Port != ports[port.TargetPort.StrVal] {
			t.Errorf("port %d of the Service is not a port of the container", port.Port)
		}
	}
	if len(c.Env) != 1 || c.Env[0].Name != "POD_IP" || c.Env[0].ValueFrom.FieldRef.FieldPath != "status.podIP" {
		t.Errorf("the variables are %+v, want the address of the pod", c.Env)
	}
	want := fmt.Sprintf("--advertise=ws://$(POD_IP):%d", locks)
	if !strings.Contains(strings.Join(c.Args, " "), want) {
		t.Errorf("the arguments are %q, want %s", c.Args, want)
	}
}

// The brokers may connect to one another, to the members of etcd and to the name service, and to nobody else.
func TestClusterNetworkPolicy(t *testing.T) {
	m := readCluster(t)
	spec := m.network.Spec
	alone := readManifests(t).network.Spec
	brokers := networkingv1.NetworkPolicyPeer{PodSelector: &spec.PodSelector}
	alone.Ingress[0].From = append(alone.Ingress[0].From, brokers)
	if !reflect.DeepEqual(spec.Ingress, alone.Ingress) {
		t.Error("want the clients of a broker alone, and the other brokers")
	}
	if len(spec.Egress) != 3 || !reflect.DeepEqual(spec.Egress[0].To, []networkingv1.NetworkPolicyPeer{brokers}) {
		t.Fatal("want egress to the brokers, to etcd and to the name service")
	}
	etcd := spec.Egress[1]
	namespace := etcd.To[0].NamespaceSelector.MatchLabels[corev1.LabelMetadataName]
	for _, member := range m.configuration(t).Etcd {
		if want := "." + namespace + ".svc:" + etcd.Ports[0].Port.String(); !strings.HasSuffix(member, want) {
			t.Errorf("the policy does not allow to connect to %s", member)
		}
	}
	if spec.Egress[2].Ports[0].Port.IntValue() != 53 || len(spec.Egress[2].Ports) != 2 {
		t.Error("want egress to the name service")
	}
}

// brokerd accepts the configuration, and every file that it names is on a volume. There is time to drain.
func TestClusterConfiguration(t *testing.T) {
	m := readCluster(t)
	pod := &m.brokers.Spec.Template.Spec
	volumes := map[string]map[string][]byte{"config": {}, "tokens": m.tokens.Data, "etcd": certificate(t)}
	for key, text := range m.config.Data {
		volumes["config"][key] = []byte(text)
	}
	volumes["etcd"]["ca.crt"] = volumes["etcd"]["tls.crt"]
	sources := make(map[string]string)
	for _, volume := range pod.Volumes {
		switch {
		case volume.ConfigMap != nil:
			sources[volume.Name] = volume.ConfigMap.Name
		case volume.Secret != nil:
			sources[volume.Name] = volume.Secret.SecretName
		}
	}
	want := map[string]string{"config": m.config.Name, "tokens": m.tokens.Name, "etcd": "lockbroker-etcd"}
	if !maps.Equal(sources, want) {
		t.Errorf("the volumes are of %v, want %v", sources, want)
	}
	mounted := t.TempDir()
	filesOf := func(volume string) map[string][]byte { return volumes[volume] }
	checkConfiguration(t, onlyContainer(t, pod), mounted, filesOf)
	config := m.configuration(t)
	for _, file := range []string{config.CACert, config.Cert, config.Key} {
		if !exists(string(moved([]byte(file), mounted))) {
			t.Errorf("no volume has %s", file)
		}
	}
	if config.StateDir != "" || len(config.Etcd) != 3 {
		t.Error("want three members of etcd, and no state directory")
	}
}

// A pod is killed only after the end of the drain, with time to spare.
func TestClusterDrainEndsInTime(t *testing.T) {
	m := readCluster(t)
	drain, err := time.ParseDuration(m.configuration(t).Drain)
	if err != nil {
		t.Fatal(err)
	}
	most := time.Duration(*m.brokers.Spec.Template.Spec.TerminationGracePeriodSeconds) * time.Second
	if most < drain+10*time.Second {
		t.Errorf("the pod is killed after %v, and the drain takes %v", most, drain)
	}
}

// brokerd accepts the configuration of two machines, and asks for nothing but the files that the page names.
func TestMachineConfiguration(t *testing.T) {
	text, err := os.ReadFile(root + "/examples/deploy/systemd-etcd/brokerd.yaml")
	if err != nil {
		t.Fatal(err)
	}
	folder, pair := t.TempDir(), certificate(t)
	for name, content := range map[string][]byte{
		"brokerd.yaml": []byte(strings.ReplaceAll(string(text), "/etc/lockbroker", folder)),
		"etcd-ca.pem":  pair["tls.crt"], "etcd-cert.pem": pair["tls.crt"], "etcd-key.pem": pair["tls.key"],
		"cert.pem": pair["tls.crt"], "key.pem": pair["tls.key"],
		"tokens": nil, "policy.yaml": []byte("rules: []\n"),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "run", "./cmd/brokerd", "config", "check",
		"--config", filepath.Join(folder, "brokerd.yaml"))
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("brokerd config check: %v\n%s", err, out)
	}
	unread, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range unread {
		if file.Name() != "brokerd.yaml" && !strings.Contains(string(text), "/etc/lockbroker/"+file.Name()) {
			t.Errorf("the configuration does not name %s", file.Name())
		}
	}
}

// systemd understands the unit of etcd.
func TestUnitOfEtcd(t *testing.T) {
	text, err := os.ReadFile(root + "/examples/deploy/systemd-etcd/etcd.service")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "etcd.service")
	unit := strings.ReplaceAll(string(text), "/usr/local/bin/etcd", "/bin/true") // it must exist
	if err := os.WriteFile(path, []byte(unit), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"verify", "--man=no", "--recursive-errors=no", path}
	verify := exec.CommandContext(t.Context(), "systemd-analyze", args...)
	if out, err := verify.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v: %s", err, out)
	}
}
