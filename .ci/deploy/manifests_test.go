package deploy

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

const kubernetes = root + "/examples/deploy/kubernetes"

// manifests are the objects that kubectl apply -k makes.
type manifests struct {
	namespace corev1.Namespace
	broker    appsv1.StatefulSet
	service   corev1.Service
	config    corev1.ConfigMap
	tokens    corev1.Secret
	network   networkingv1.NetworkPolicy
	budget    policyv1.PodDisruptionBudget
}

// readManifests puts the manifests together, and decodes each strictly: an unknown or a repeated field fails the test.
func readManifests(t *testing.T) *manifests {
	t.Helper()
	m := new(manifests)
	missing := map[string]any{
		"Namespace": &m.namespace, "StatefulSet": &m.broker, "Service": &m.service, "ConfigMap": &m.config,
		"Secret": &m.tokens, "NetworkPolicy": &m.network, "PodDisruptionBudget": &m.budget,
	}
	buildManifests(t, kubernetes, missing)
	return m
}

// buildManifests puts the manifests of a folder together, and decodes each into the object for its kind.
func buildManifests(t *testing.T, folder string, missing map[string]any) {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, resource := range built.Resources() {
		object, known := missing[resource.GetKind()]
		if !known {
			t.Errorf("%s %s: not expected, or for the second time", resource.GetKind(), resource.GetName())
			continue
		}
		delete(missing, resource.GetKind())
		text, err := resource.AsYAML()
		if err == nil {
			err = yaml.UnmarshalStrict(text, object)
		}
		if err != nil {
			t.Errorf("%s: %v", resource.GetKind(), err)
		}
		if resource.GetKind() != "Namespace" && resource.GetNamespace() != "lockbroker" {
			t.Errorf("%s is in the namespace %q", resource.GetKind(), resource.GetNamespace())
		}
	}
	for kind := range missing {
		t.Errorf("there is no %s", kind)
	}
	if t.Failed() {
		t.FailNow()
	}
}

// container returns the only container of the broker's pod.
func (m *manifests) container(t *testing.T) *corev1.Container {
	t.Helper()
	return onlyContainer(t, &m.broker.Spec.Template.Spec)
}

func onlyContainer(t *testing.T, pod *corev1.PodSpec) *corev1.Container {
	t.Helper()
	if len(pod.Containers) != 1 || len(pod.InitContainers) != 0 {
		t.Fatal("want one container")
	}
	return &pod.Containers[0]
}
