package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/etcd"
)

// clusterFlags are the flags that make the broker one of several.
type clusterFlags struct {
	Etcd       []string      `env:"BROKERD_ETCD" placeholder:"URL" help:"Be one of several brokers, which share a record in etcd: the URLs of its members, such as https://10.0.0.7:2379. One broker is the owner and grants locks, the others are on standby. Excludes --state-dir."`
	EtcdPrefix string        `default:"/lockbroker" env:"BROKERD_ETCD_PREFIX" placeholder:"PREFIX" help:"Prefix of the keys in etcd. Brokers with the same prefix are one cluster."`
	EtcdCACert string        `name:"etcd-cacert" env:"BROKERD_ETCD_CACERT" placeholder:"FILE" help:"Certificates that the one of etcd is checked against, in PEM. Default: those of the system."`
	EtcdCert   string        `env:"BROKERD_ETCD_CERT" placeholder:"FILE" help:"The certificate of the broker for etcd, in PEM. It is read again for each connection."`
	EtcdKey    string        `env:"BROKERD_ETCD_KEY" placeholder:"FILE" help:"The private key of --etcd-cert, in PEM."`
	Advertise  string        `env:"BROKERD_ADVERTISE" placeholder:"URL" help:"The URL at which the other brokers reach this one, such as ws://10.0.0.7:27002. Needed with --etcd."`
	Takeover   time.Duration `default:"5s" env:"BROKERD_TAKEOVER" help:"How long a standby sees no sign of life of the owner before it takes over. It must be the same for all brokers. Less than 5s suits only an etcd that chooses its leaders faster."`
	Refuse     bool          `name:"standby-refuses" env:"BROKERD_STANDBY_REFUSES" help:"On standby, refuse clients with 503 and name the owner. By default their connections are passed on to the owner."`
}

// validateCluster refuses flags that contradict each other.
func (f *flags) validateCluster() error {
	switch {
	case len(f.Etcd) == 0 && (f.Advertise != "" || f.EtcdCert != "" || f.EtcdKey != "" || f.EtcdCACert != ""):
		return errors.New("--advertise and --etcd-... need --etcd")
	case len(f.Etcd) == 0:
		return nil
	case f.StateDir != "":
		return errors.New("--etcd and --state-dir exclude each other: the record is in etcd")
	case f.Advertise == "":
		return errors.New("--etcd needs --advertise: the URL at which the other brokers reach this one")
	case f.Takeover < time.Second:
		return errors.New("--takeover: want at least 1s")
	}
	return nil
}

// newBroker creates the broker, which may be one of several. The caller calls end when it has ended.
func (f *flags) newBroker(config *broker.Config) (b *broker.Broker, end func(), err error) {
	if end, err = f.openCluster(config); err != nil {
		return nil, nil, err
	}
	if b, err = broker.New(*config); err != nil {
		end()
		return nil, nil, err
	}
	return b, end, nil
}

// openCluster connects to etcd, if the broker is one of several. The caller calls end at the end.
func (f *flags) openCluster(config *broker.Config) (end func(), err error) {
	if len(f.Etcd) == 0 {
		return func() {}, nil
	}
	store, err := etcd.Open(etcd.Config{
		Endpoints: f.Etcd, Prefix: f.EtcdPrefix, CAFile: f.EtcdCACert, CertFile: f.EtcdCert, KeyFile: f.EtcdKey,
	})
	if err != nil {
		return nil, fmt.Errorf("--etcd: %w", err)
	}
	config.Cluster = &broker.Cluster{
		Store: store, Address: f.Advertise, Takeover: f.Takeover, Refuse: f.Refuse,
	}
	return func() { _ = store.Close() }, nil
}
