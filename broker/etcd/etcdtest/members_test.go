package etcdtest

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/etcd/server/v3/embed"
)

// members are the members of a cluster of etcd.
type members struct {
	t      *testing.T
	config []*embed.Config
	server []*embed.Etcd // nil: stopped
}

// startMembers starts a cluster of three members. It ends with the test.
func startMembers(t *testing.T) *members {
	t.Helper()
	return newMembers(t, 3, func(*embed.Config) {})
}

// newMembers starts a cluster of count members, with further settings. It ends with the test.
func newMembers(t *testing.T, count int, set func(*embed.Config)) *members {
	t.Helper()
	m := &members{t: t, server: make([]*embed.Etcd, count)}
	var peers []string
	for i := range m.server {
		config := embed.NewConfig()
		config.Name = fmt.Sprintf("m%d", i)
		config.Dir = filepath.Join(t.TempDir(), config.Name)
		config.LogLevel, config.LogOutputs = "fatal", []string{filepath.Join(t.TempDir(), "log")}
		config.UnsafeNoFsync = true // a test does not lose its power
		config.ListenClientUrls, config.ListenPeerUrls = []url.URL{freeURL(t)}, []url.URL{freeURL(t)}
		set(config)
		config.AdvertiseClientUrls, config.AdvertisePeerUrls = config.ListenClientUrls, config.ListenPeerUrls
		m.config = append(m.config, config)
		peers = append(peers, config.Name+"="+config.ListenPeerUrls[0].String())
	}
	for i := range m.server {
		m.config[i].InitialCluster = strings.Join(peers, ",")
		m.start(i)
	}
	t.Cleanup(func() {
		for i := range m.server {
			m.stop(i)
		}
	})
	for i := range m.server {
		<-m.server[i].Server.ReadyNotify()
	}
	return m
}

// freeURL returns a URL with a port that was free a moment ago.
func freeURL(t *testing.T) url.URL {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return url.URL{Scheme: "http", Host: listener.Addr().String()}
}

func (m *members) start(i int) {
	m.t.Helper()
	server, err := embed.StartEtcd(m.config[i])
	if err != nil {
		m.t.Fatal(err)
	}
	m.server[i] = server
}

// stop ends a member. It says nothing to its clients.
func (m *members) stop(i int) {
	if m.server[i] != nil {
		m.server[i].Server.HardStop()
		m.server[i].Close()
		m.server[i] = nil
	}
}

// leader returns the index of the leader, or -1 if there is none at the moment.
func (m *members) leader() int {
	for i, server := range m.server {
		if server != nil && server.Server.Leader() == server.Server.MemberID() {
			return i
		}
	}
	return -1
}

// endpoints returns the URLs of all members, also of those that are stopped.
func (m *members) endpoints() (urls []string) {
	for _, config := range m.config {
		urls = append(urls, config.ListenClientUrls[0].String())
	}
	return urls
}
