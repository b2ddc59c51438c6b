// Package mono reads the clock that all processes of a machine share.
package mono
