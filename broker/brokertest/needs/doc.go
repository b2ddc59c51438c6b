// Package needs lists what tests of this repository need besides Go. A test that lacks something is skipped, with a
// message that names what is missing. With CI=true in the environment it fails instead.
package needs
