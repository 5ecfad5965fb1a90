// The rules as an object of the Prometheus Operator:
//   jsonnet -e '(import "prometheus-operator.libsonnet")("monitoring", { release: "prometheus" })'
function(namespace, labels={}, mixin=import 'mixin.libsonnet') {
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PrometheusRule',
  metadata: { name: 'o365-exporter', namespace: namespace, labels: labels },
  spec: mixin.prometheusAlerts,
}
