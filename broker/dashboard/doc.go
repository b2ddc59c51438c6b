// Package dashboard is a live page that shows the locks of a broker: who holds, who waits, and why. The
// folder page has its files. Browsers load them as they are, but for comments and indentation. Set Dashboard
// in the Config of the broker to [Files], and ClientFiles to those of package wsclient/js: the page uses that
// part of the client that asks for no locks.
//
// All URLs in the page are relative, so it works below a base path and behind a proxy. The broker sends
// it with a Content-Security-Policy that permits only its own files, without inline scripts and styles.
package dashboard
