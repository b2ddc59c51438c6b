// Package packagetest installs the packages of a release under a real systemd, and removes them again. It has only
// tests.
//
// The machine is a copy of the one on which the test runs: an overlay over its root, whose changes are in memory, in
// namespaces of its own, with its own systemd as first process. So the test changes nothing on the machine itself. The
// services of the machine do not start in the copy, and its network has only a loopback interface. With the flag -root,
// the copy is that of another folder, for example one made by debootstrap.
//
// The tests need root, and a kernel that lets root make namespaces, overlays and cgroups.
//
// They cannot see how another distribution differs, and no RPM is installed.
package packagetest
