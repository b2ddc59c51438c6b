package main

import (
	"errors"
	"net"
	"net/url"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

// startEtcd starts an etcd with one member in this process, which keeps its data in folder. It returns the URL for
// clients.
func startEtcd(folder string) (clients string, stop func(), err error) {
	config := embed.NewConfig()
	config.Dir, config.LogLevel = folder, "fatal"
	for _, urls := range []*[]url.URL{&config.ListenClientUrls, &config.ListenPeerUrls} {
		address, err := freeAddress()
		if err != nil {
			return "", nil, err
		}
		*urls = []url.URL{{Scheme: "http", Host: address}}
	}
	config.AdvertiseClientUrls, config.AdvertisePeerUrls = config.ListenClientUrls, config.ListenPeerUrls
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	server, err := embed.StartEtcd(config)
	if err != nil {
		return "", nil, err
	}
	select {
	case <-server.Server.ReadyNotify():
		return config.ListenClientUrls[0].String(), server.Close, nil
	case err = <-server.Err():
	case <-time.After(time.Minute):
		err = errors.New("etcd is not ready after a minute")
	}
	server.Close()
	return "", nil, err
}

// freeAddress returns an address on this machine whose port was free a moment ago.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
