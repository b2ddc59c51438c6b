package main

import (
	"context"
	"net/url"
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/urllist"
	"github.com/lockbroker/lockbroker/wsclient"
)

// inspect connects as dial does, and also to a broker that drains. It is for commands that ask for no locks.
func (t target) inspect(ctx context.Context) (*wsclient.Client, error) {
	return t.inspectWith(ctx, wsclient.Options{NoReconnect: true})
}

func (t target) inspectWith(ctx context.Context, options wsclient.Options) (*wsclient.Client, error) {
	var urls []string
	for _, address := range urllist.Split(t.brokerURL()) {
		urls = append(urls, acceptDraining(address))
	}
	t.URL = strings.Join(urls, ",")
	return t.dialWith(ctx, options)
}

// acceptDraining adds draining=accept to the query of a URL, unless the query has that parameter. It returns a
// malformed URL unchanged, because Dial says what is wrong with it.
func acceptDraining(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Query().Has("draining") {
		return address
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += "draining=" + wire.DrainingAccept
	return u.String()
}
