// Package configfile reads the configuration file of brokerd. Its keys are the names of the flags:
//
//	listen: ["0.0.0.0:27002"]
//	timeout: 15s
//	max-requests: 100000
//
// The package checks each value against its flag, and says where a bad one is. It knows the flags from the
// model of the command line, so a new flag is a new key. [Values] says what is in force and why: a flag
// takes precedence over the environment, the environment over the file, and the file over the default.
//
// It cannot see which values fit together. The program checks that, as it does for flags.
package configfile
