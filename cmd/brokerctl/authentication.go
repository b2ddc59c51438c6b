package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
)

// authentication says who runs brokerctl. Commands embed it with their target.
type authentication struct {
	Token      string `global:"" placeholder:"TOKEN" env:"BROKERCTL_TOKEN" help:"Bearer token that says who you are. Others see flags in ps, so keep it in a file or the environment."`
	TokenFile  string `global:"" name:"token-file" placeholder:"FILE" env:"BROKERCTL_TOKEN_FILE" help:"File with the bearer token. It is read again for each connection, and when the token is about to expire."`
	Cert       string `global:"" placeholder:"FILE" env:"BROKERCTL_CERT" help:"PEM file of the client certificate for TLS, with --key."`
	Key        string `global:"" placeholder:"FILE" env:"BROKERCTL_KEY" help:"PEM file of the private key of --cert."`
	ServerName string `global:"" name:"server-name" placeholder:"NAME" env:"BROKERCTL_SERVER_NAME" help:"Name that the certificate of the broker must have. Default: the host of the URL."`
}

// check refuses flags that contradict one another. A flag takes precedence over the environment.
func (a *authentication) check(given map[string]bool) error {
	switch byToken, byFile := given["token"], given["token-file"]; {
	case byToken && byFile:
		return errors.New("want either --token or --token-file")
	case byToken:
		a.TokenFile = ""
	case byFile:
		a.Token = ""
	case a.Token != "" && a.TokenFile != "":
		return errors.New("want either BROKERCTL_TOKEN or BROKERCTL_TOKEN_FILE")
	}
	if (a.Cert == "") != (a.Key == "") {
		return errors.New("want --cert and --key together")
	}
	return nil
}

// source returns a function that returns the token, or nil if there is none. It reads the file once, so that a file
// that cannot be read is an error of the command line.
func (a *authentication) source(header http.Header) (func(context.Context) (string, error), error) {
	var get func(context.Context) (string, error)
	switch {
	case a.Token != "":
		token, err := checkToken(a.Token)
		if err != nil {
			return nil, fmt.Errorf("--token: %w", err)
		}
		get = func(context.Context) (string, error) { return token, nil }
	case a.TokenFile != "":
		file := a.TokenFile
		get = func(context.Context) (string, error) { return readToken(file) }
		if _, err := readToken(file); err != nil {
			return nil, err
		}
	default:
		return nil, nil
	}
	if header.Get("Authorization") != "" {
		return nil, errors.New("want either a token or the field Authorization in --header")
	}
	return get, nil
}

// readToken returns the token in a file. Its errors do not quote the file.
func readToken(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	token, err := checkToken(string(text))
	if err != nil {
		return "", fmt.Errorf("--token-file: %s: %w", file, err)
	}
	return token, nil
}

// checkToken returns a token without the space around it. Its errors do not quote the token.
func checkToken(text string) (string, error) {
	token := strings.TrimSpace(text)
	notPrintable := func(c rune) bool { return c < '!' || c > '~' }
	switch {
	case token == "":
		return "", errors.New("there is no token")
	case strings.ContainsFunc(token, notPrintable):
		return "", errors.New("want one token: printable ASCII without spaces")
	}
	return token, nil
}

// tlsConfig returns the configuration for TLS. It trusts only the authorities in the PEM file ca, or those of the
// system if ca is "".
func (a *authentication) tlsConfig(ca string) (*tls.Config, error) {
	config, err := tlsTrusting(ca)
	if err != nil || a.Cert == "" && a.ServerName == "" {
		return config, err
	}
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	config.ServerName = a.ServerName
	if a.Cert != "" {
		certificate, err := tls.LoadX509KeyPair(a.Cert, a.Key)
		if err != nil {
			return nil, fmt.Errorf("--cert and --key: %w", err)
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	return config, nil
}
