// The rules of ../prometheus/rules and the dashboards of ../../grafana/dashboards, with a site's own selectors and
// thresholds. It imports the same files that everybody else uses, so that nothing can drift.
local thresholds = import 'thresholds.libsonnet';
local withSelector = import 'selectors.libsonnet';

local files = {
  'service-health': importstr '../prometheus/rules/service-health.yaml',
  credentials: importstr '../prometheus/rules/credentials.yaml',
  subscriptions: importstr '../prometheus/rules/subscriptions.yaml',
  messages: importstr '../prometheus/rules/messages.yaml',
  usage: importstr '../prometheus/rules/usage.yaml',
  exporter: importstr '../prometheus/rules/exporter.yaml',
};

local dashboards = {
  'o365-exchange.json': import '../../grafana/dashboards/o365-exchange.json',
  'o365-expiry.json': import '../../grafana/dashboards/o365-expiry.json',
  'o365-exporter.json': import '../../grafana/dashboards/o365-exporter.json',
  'o365-service-health.json': import '../../grafana/dashboards/o365-service-health.json',
  'o365-skype-teams.json': import '../../grafana/dashboards/o365-skype-teams.json',
  'o365-subscriptions.json': import '../../grafana/dashboards/o365-subscriptions.json',
  'o365-tenants.json': import '../../grafana/dashboards/o365-tenants.json',
};

// Whether the selector can stand between braces: nothing, or something that begins with a label and ends with a quote.
local isSelector(text) =
  text == '' || (
    std.isString(text)
    && std.member('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_', text[0])
    && std.member('"\'`', text[std.length(text) - 1])
    && std.length(std.split(text, '=')) + std.length(std.split(text, '!')) > 2
    && !std.member(text, '%')
  );

(import 'config.libsonnet') + {
  local config = $._config,
  local keys = ['dashboardTags', 'job', 'selector', 'thresholds'],
  local unknown = [key for key in std.objectFields(config) if !std.member(keys, key)],
  assert unknown == [] : '_config: there is no %s' % std.join(', ', unknown),
  assert thresholds.unknown(config.thresholds) == [] :
         '_config.thresholds: there is no %s' % std.join(', ', thresholds.unknown(config.thresholds)),
  assert thresholds.wrong(config.thresholds) == [] :
         '_config.thresholds: %s must be a number above 0, a ratio at most 1'
         % std.join(', ', thresholds.wrong(config.thresholds)),
  assert std.isString(config.job) && !std.member(config.job, '"') && !std.member(config.job, '\\') :
         '_config.job: %s must be a name without quotes' % std.manifestJson(config.job),
  assert std.isArray(config.dashboardTags) : '_config.dashboardTags: must be a list',
  assert isSelector(config.selector) :
         '_config.selector: %s must be matchers, such as cluster="eu",env="live", without braces and without %%'
         % std.manifestJson(config.selector),

  // As it stands within a string of a template.
  local quoted(text) = std.strReplace(std.strReplace(text, '\\', '\\\\'), '"', '\\"'),
  local annotated(text) = std.strReplace(
    withSelector(text, quoted(config.selector)), 'job=\\"o365-exporter\\"', quoted('job="%s"' % config.job)
  ),
  local asked(expr) = std.strReplace(
    withSelector(expr, config.selector), 'job="o365-exporter"', 'job="%s"' % config.job
  ),
  local configured(rule) = rule {
    expr: asked(super.expr),
    [if std.objectHas(rule, 'annotations') then 'annotations']: {
      [name]: annotated(rule.annotations[name])
      for name in std.objectFields(rule.annotations)
    },
  },

  // Recordings stand in the groups of the alerts that use them, because a group is evaluated in order.
  prometheusRules+:: { groups+: [] },
  prometheusAlerts+:: {
    groups+: [
      group { rules: std.map(configured, group.rules) }
      for subject in std.objectFields(files)
      for group in std.parseYaml(thresholds.apply(subject, files[subject], config.thresholds)).groups
    ],
  },

  // Queries stand under these names, at any depth.
  local queries = ['expr', 'query', 'definition'],
  local redrawn(value, key='') =
    if std.isObject(value) then { [name]: redrawn(value[name], name) for name in std.objectFields(value) }
    else if std.isArray(value) then [redrawn(each, key) for each in value]
    else if !std.isString(value) then value
    else if std.member(queries, key) then asked(value)
    else value,

  grafanaDashboardFolder:: 'Microsoft 365',
  grafanaDashboards+:: {
    [name]: redrawn(dashboards[name]) { tags+: config.dashboardTags }
    for name in std.objectFields(dashboards)
  },
}
