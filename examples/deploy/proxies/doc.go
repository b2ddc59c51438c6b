// Package proxies has recipes for a broker behind a proxy: nginx.conf, haproxy.cfg and Caddyfile. Each
// terminates TLS, passes a path prefix, tells the broker the address of the client, and begins with the command
// of its broker. The page that explains them is cmd/brokerd/README.md, section "Behind a proxy".
//
// The tests run each recipe with the real proxy, with other ports and paths, as a user without privileges. The
// Go client, the JavaScript client in Node and brokerctl go through it. Locks are held while the connection is
// idle for longer than the proxy allows, and while the proxy reloads its configuration.
//
// The tests cannot see what a proxy does under load, or in other versions.
package proxies
