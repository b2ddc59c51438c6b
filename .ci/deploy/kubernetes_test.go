package deploy

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// The pod keeps to the Pod Security Standard that its namespace enforces, which is the strictest.
func TestPodIsRestricted(t *testing.T) {
	m := readManifests(t)
	if level := m.namespace.Labels[api.EnforceLevelLabel]; level != string(api.LevelRestricted) {
		t.Errorf("the namespace enforces %q, want restricted", level)
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	template := &m.broker.Spec.Template
	strictest := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, result := range evaluator.EvaluatePod(strictest, &template.ObjectMeta, &template.Spec) {
		if !result.Allowed {
			t.Errorf("%s: %s", result.ForbiddenReason, result.ForbiddenDetail)
		}
	}
	security := m.container(t).SecurityContext
	if security.ReadOnlyRootFilesystem == nil || !*security.ReadOnlyRootFilesystem {
		t.Error("the root file system is writable")
	}
	if mount := template.Spec.AutomountServiceAccountToken; mount == nil || *mount {
		t.Error("the pod has a token for the Kubernetes API, which the broker does not use")
	}
	if links := template.Spec.EnableServiceLinks; links == nil || *links {
		t.Error("the variables of services could override the configuration")
	}
}

// The pod runs as the user of the image, and its group may use the volumes.
func TestPodRunsAsTheUserOfTheImage(t *testing.T) {
	security := readManifests(t).broker.Spec.Template.Spec.SecurityContext
	const id = 65532
	if *security.RunAsUser != id || *security.RunAsGroup != id || *security.FSGroup != id {
		t.Errorf("the pod runs as %d:%d, with the group %d",
			*security.RunAsUser, *security.RunAsGroup, *security.FSGroup)
	}
	if user := parseImage(t).user; user != "65532:65532" {
		t.Errorf("the user of the image is %s", user)
	}
}

// Two brokers never run on one state directory.
func TestOneBroker(t *testing.T) {
	spec := &readManifests(t).broker.Spec
	if spec.Replicas == nil || *spec.Replicas != 1 {
		t.Error("want one replica")
	}
	if len(spec.VolumeClaimTemplates) != 1 {
		t.Fatal("want one claim")
	}
	modes := spec.VolumeClaimTemplates[0].Spec.AccessModes
	if !slices.Equal(modes, []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOncePod}) {
		t.Errorf("the volume is %q, want %s", modes, corev1.ReadWriteOncePod)
	}
	if spec.PersistentVolumeClaimRetentionPolicy.WhenDeleted != "Retain" {
		t.Error("the tokens that were given out are lost with the StatefulSet")
	}
}

// Every selector selects the pod, and the StatefulSet names a Service that exists.
func TestSelectors(t *testing.T) {
	m := readManifests(t)
	pod := labels.Set(m.broker.Spec.Template.Labels)
	for name, selector := range map[string]*metav1.LabelSelector{
		"StatefulSet": m.broker.Spec.Selector, "NetworkPolicy": &m.network.Spec.PodSelector,
		"PodDisruptionBudget": m.budget.Spec.Selector,
		"Service":             {MatchLabels: m.service.Spec.Selector},
	} {
		parsed, err := metav1.LabelSelectorAsSelector(selector)
		if err != nil {
			t.Fatal(err)
		}
		if parsed.Empty() || !parsed.Matches(pod) {
			t.Errorf("the selector of the %s is %s, and the pod has the labels %s", name, parsed, pod)
		}
	}
	if m.broker.Spec.ServiceName != m.service.Name {
		t.Errorf("the StatefulSet names the Service %s, want %s", m.broker.Spec.ServiceName, m.service.Name)
	}
}

// Every port that is named is one of the container, and brokerd listens on each of them.
func TestPorts(t *testing.T) {
	m := readManifests(t)
	c, config := m.container(t), configuration(t, m)
	listens := map[string]int32{"locks": portOf(t, config.Listen), "admin": portOf(t, config.AdminListen)}
	ports := make(map[string]int32)
	for _, port := range c.Ports {
		ports[port.Name] = port.ContainerPort
	}
	if !maps.Equal(ports, listens) {
		t.Errorf("the ports of the container are %v, and brokerd listens on %v", ports, listens)
	}
	check := func(where string, port intstr.IntOrString) {
		if _, exists := ports[port.StrVal]; !exists || port.Type != intstr.String {
			t.Errorf("%s: the container has no port named %s", where, &port)
		}
	}
	for where, probe := range map[string]*corev1.Probe{
		"startupProbe": c.StartupProbe, "livenessProbe": c.LivenessProbe, "readinessProbe": c.ReadinessProbe,
	} {
		check(where, probe.HTTPGet.Port)
	}
	for _, port := range m.service.Spec.Ports {
		check("Service", port.TargetPort)
		if port.Port != listens[port.TargetPort.StrVal] {
			t.Errorf("the port of the Service is %d: want the port of the broker", port.Port)
		}
	}
	for _, rule := range m.network.Spec.Ingress {
		for _, port := range rule.Ports {
			check("NetworkPolicy", *port.Port)
		}
	}
}

// Clients may connect to the port for locks, and only Prometheus to the admin port, where nobody is asked for
// credentials. The broker connects to nobody.
func TestNetworkPolicy(t *testing.T) {
	spec := readManifests(t).network.Spec
	both := []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}
	if !slices.Equal(spec.PolicyTypes, both) || len(spec.Egress) != 0 {
		t.Error("want a policy for both directions, with no egress")
	}
	labeled := func(name, value string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchLabels: map[string]string{name: value}}
	}
	want := map[string]networkingv1.NetworkPolicyPeer{
		"locks": {
			NamespaceSelector: &metav1.LabelSelector{}, // any
			PodSelector:       labeled("lockbroker-client", "true"),
		},
		"admin": {NamespaceSelector: labeled(corev1.LabelMetadataName, "monitoring")},
	}
	got := make(map[string]networkingv1.NetworkPolicyPeer)
	for _, rule := range spec.Ingress {
		if len(rule.From) != 1 || len(rule.Ports) != 1 {
			t.Fatal("want one peer and one port in each rule")
		}
		got[rule.Ports[0].Port.StrVal] = rule.From[0]
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the policy admits %+v, want %+v", got, want)
	}
}

// While a broker grants nothing, its pod is not restarted, and clients still reach it.
func TestProbes(t *testing.T) {
	m := readManifests(t)
	c := m.container(t)
	for probe, want := range map[*corev1.Probe]string{
		c.StartupProbe: "/livez", c.LivenessProbe: "/livez", c.ReadinessProbe: "/readyz",
	} {
		if get := probe.HTTPGet; get.Path != want || get.Port.StrVal != "admin" {
			t.Errorf("the probe gets %s at %s, want %s at admin", get.Path, &get.Port, want)
		}
	}
	if !m.service.Spec.PublishNotReadyAddresses {
		t.Error("clients do not reach a broker in its grace period")
	}
}
