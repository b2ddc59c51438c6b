// Package deploy has no code of its own. Its tests check examples/deploy: the image, the manifests for Kubernetes, and
// the rules and the dashboard for Prometheus.
//
//   - The Dockerfile is parsed by the parser of BuildKit. Tests run its commands, put together the file system of the
//     image as its COPY lines say, and run the broker there, with chroot, as process 1, and as the user of the image.
//   - The manifests are put together as by kubectl apply -k, and decoded strictly into the types of the Kubernetes API.
//     Then tests look up every name in them: ports, volumes, paths, keys and labels.
//   - promtool checks and tests the rules, and parses the expressions of the dashboard. A test runs brokerd and looks
//     up every metric, label and value in its /metrics.
//
// It has a module of its own, because the types of Kubernetes take about a minute to compile. .ci/run runs it.
package deploy
