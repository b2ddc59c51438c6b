package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/etcd/server/v3/embed"
	"sigs.k8s.io/yaml"
)

// etcd accepts the configuration that examples/deploy has for three machines: it knows every key, and each URL is of
// use. The test is here because this module has etcd.
func TestConfigurationOfEtcd(t *testing.T) {
	const path = "../deploy/systemd-etcd/etcd.conf.yml"
	config, err := embed.ConfigFromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !config.ClientTLSInfo.ClientCertAuth || !config.PeerTLSInfo.ClientCertAuth {
		t.Error("strangers may connect")
	}
	if members := strings.Split(config.InitialCluster, ","); len(members) != 3 ||
		!slices.Contains(members, config.Name+"="+config.AdvertisePeerUrls[0].String()) {
		t.Errorf("the members are %q, and this is %s", members, config.Name)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var strict struct { // as in package embed
		embed.Config

		ListenPeer      string `json:"listen-peer-urls"`
		ListenClient    string `json:"listen-client-urls"`
		AdvertisePeer   string `json:"initial-advertise-peer-urls"`
		AdvertiseClient string `json:"advertise-client-urls"`
		ClientSecurity  any    `json:"client-transport-security"`
		PeerSecurity    any    `json:"peer-transport-security"`
	}
	if err := yaml.UnmarshalStrict(text, &strict); err != nil {
		t.Error(err)
	}
}
