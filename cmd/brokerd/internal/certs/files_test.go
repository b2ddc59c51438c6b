package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
)

func authorityPEM(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// A file of authorities with a damaged block is refused as a whole.
func TestParseAuthorities(t *testing.T) {
	first, second := authorityPEM(t), authorityPEM(t)
	const notDER = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
	key := strings.ReplaceAll(second, "CERTIFICATE", "PRIVATE KEY")
	damaged := strings.Replace(first, "\n", "\n*", 1)
	for name, test := range map[string]struct{ text, problem string }{
		"one":             {first, ""},
		"two, and text":   {"Authorities of example:\n" + first + "# the next one\n" + second + "end\n", ""},
		"none":            {"", "want at least one certificate"},
		"text":            {"no certificate\n", "want at least one certificate"},
		"damaged first":   {damaged + second, "damaged"},
		"damaged last":    {first + damaged, "damaged"},
		"damaged between": {first + damaged + second, "damaged"},
		"cut":             {first + second[:len(second)/2], "damaged"},
		"key":             {first + key, "block 2: want a certificate"},
		"no certificate":  {first + notDER, "block 2: x509"},
	} {
		pool, err := parseAuthorities([]byte(test.text))
		switch {
		case test.problem == "" && (err != nil || pool == nil):
			t.Errorf("%s: %v", name, err)
		case test.problem != "" && (err == nil || !strings.Contains(err.Error(), test.problem)):
			t.Errorf("%s: got %v, want %q", name, err, test.problem)
		}
	}
}
