package deploy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"
)

// A brokerConfig has the keys of brokerd.yaml that the manifests must fit.
type brokerConfig struct {
	Listen      []string `json:"listen"`
	AdminListen []string `json:"admin-listen"`
	StateDir    string   `json:"state-dir"`
	Drain       string   `json:"drain"`
	MaxMemory   string   `json:"max-memory"`
}

func configuration(t *testing.T, m *manifests) *brokerConfig {
	t.Helper()
	c := new(brokerConfig)
	if err := yaml.Unmarshal([]byte(m.config.Data["brokerd.yaml"]), c); err != nil {
		t.Fatal(err)
	}
	return c
}

// portOf returns the port of the only address.
func portOf(t *testing.T, addresses []string) int32 {
	t.Helper()
	if len(addresses) != 1 {
		t.Fatalf("want one address, not %q", addresses)
	}
	_, text, err := net.SplitHostPort(addresses[0])
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return int32(port)
}

// brokerd accepts the flags of the container, its configuration, and every file that it names, where the volumes put
// them. If a volume or a key is missing, brokerd does not find the file.
func TestBrokerConfiguration(t *testing.T) {
	m := readManifests(t)
	c := m.container(t)
	mounted := t.TempDir()
	checkConfiguration(t, c, mounted, func(volume string) map[string][]byte { return m.volume(t, volume) })
	state := configuration(t, m).StateDir
	if folder := filepath.Dir(state); !strings.HasPrefix(folder, "/") || !exists(filepath.Join(mounted, folder)) {
		t.Errorf("no volume has the state directory %s", state)
	}
}

// checkConfiguration puts the files of the volumes of a container into a folder, and lets brokerd check its
// configuration there.
func checkConfiguration(t *testing.T, c *corev1.Container, mounted string, volume func(string) map[string][]byte) {
	t.Helper()
	for _, mount := range c.VolumeMounts {
		folder := filepath.Join(mounted, mount.MountPath)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range volume(mount.Name) {
			if err := os.WriteFile(filepath.Join(folder, name), moved(text, mounted), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	args := []string{"run", "./cmd/brokerd", "config", "check"}
	for _, arg := range c.Args {
		args = append(args, string(moved([]byte(arg), mounted)))
	}
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("brokerd config check %q: %v\n%s", c.Args, err, out)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// moved returns the text with the folders of the container below another folder.
func moved(text []byte, folder string) []byte {
	return []byte(strings.NewReplacer(
		"/etc/brokerd/", folder+"/etc/brokerd/", "/var/lib/brokerd/", folder+"/var/lib/brokerd/",
	).Replace(string(text)))
}

// volume returns the files of a volume.
func (m *manifests) volume(t *testing.T, name string) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	for _, volume := range m.broker.Spec.Template.Spec.Volumes {
		switch {
		case volume.Name != name:
		case volume.ConfigMap != nil && volume.ConfigMap.Name == m.config.Name:
			for key, text := range m.config.Data {
				files[key] = []byte(text)
			}
			return files
		case volume.Secret != nil && volume.Secret.SecretName == m.tokens.Name:
			return m.tokens.Data
		case volume.Secret != nil && volume.Secret.SecretName == "lockbroker-tls":
			return certificate(t)
		}
	}
	for _, claim := range m.broker.Spec.VolumeClaimTemplates {
		if claim.Name == name {
			return files
		}
	}
	t.Errorf("there is no volume %s", name)
	return files
}

// certificate returns the files of a secret of the type kubernetes.io/tls.
func certificate(t *testing.T) map[string][]byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"lockbroker"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{
		"tls.crt": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		"tls.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}
}

// The pod is killed only after the drain is over, with time to spare.
func TestDrainEndsInTime(t *testing.T) {
	m := readManifests(t)
	drain, err := time.ParseDuration(configuration(t, m).Drain)
	if err != nil {
		t.Fatal(err)
	}
	left := time.Duration(*m.broker.Spec.Template.Spec.TerminationGracePeriodSeconds)*time.Second - drain
	if left < 10*time.Second {
		t.Errorf("the pod is killed %v after the end of the drain, want 10s at least", left)
	}
}

// The memory limit of the pod leaves a tenth above what the process may take, which is one and a half times
// max-memory. The pod gets that memory for sure, because it requests it.
func TestMemoryFits(t *testing.T) {
	m := readManifests(t)
	most := resource.MustParse(strings.TrimSuffix(configuration(t, m).MaxMemory, "B"))
	resources := m.container(t).Resources
	limit := resources.Limits.Memory().Value()
	if process := most.Value() * 3 / 2; limit < process+process/10 {
		t.Errorf("the limit is %d bytes, and the process may take %d", limit, process)
	}
	if resources.Requests.Memory().Value() != limit || !resources.Limits.Cpu().IsZero() {
		t.Error("want as much memory requested as the limit is, and no limit on the processor")
	}
}

// The tokens in the repository let nobody in.
func TestTokensAreEmpty(t *testing.T) {
	for line := range strings.Lines(string(readManifests(t).tokens.Data["tokens"])) {
		if !strings.HasPrefix(line, "#") {
			t.Errorf("the file of tokens has the line %q", line)
		}
	}
}
