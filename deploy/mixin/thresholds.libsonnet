// Puts the thresholds of _config into the text of a rule file.
//
// The files stay the one place where rules are written, with figures that work as they are. This table says how each
// figure is written there; a text that a file no longer contains is an error, so that no threshold can come to nothing.
local places = {
  credentials: {
    credentialWarningDays: ['< %s * 86400', '>= %s * 86400', 'within %s days'],
    credentialCriticalDays: ['<= %s * 86400', 'within %s days'],
    credentialForgottenDays: ['-%s * 86400', '- %s * 86400', 'After %s days', 'more than %s days ago'],
    credentialShortLivedDays: ['<= %s * 86400'],
  },
  'service-health': {
    silentWeekdays: ['silence:weekdays > %s'],
  },
  subscriptions: {
    seatsUsedRatio: ['>= %s <= 1'],
    subscriptionDays: ['< %s * 86400', 'within %s days'],
  },
  messages: {
    messageDays: ['< %s * 86400', 'within %s days'],
  },
  usage: {
    usageRatio: ['ratio_to_week_before < %s'],
    usageUsers: ['offset 1w >= %s)'],
    reportDays: ['> %s * 86400'],
  },
};

local shipped = (import 'config.libsonnet')._config.thresholds;

local figure(number) = '%.15g' % number;  // 0.95 is 0.94999999999999996 to %s

local substitute(file) = function(text, each)
  assert std.length(std.split(text, each.from)) > 1 :
         '%s.yaml does not say "%s": mend the table in thresholds.libsonnet' % [file, each.from];
  std.strReplace(text, each.from, each.to);

// Figures are marked first and filled in afterwards: 'within 7 days' may be what another threshold has just become.
local steps(subject, thresholds) = [
  { key: key, from: place % figure(shipped[key]), marked: place % ('\u0001%s\u0001' % key) }
  for key in std.objectFields(std.get(places, subject, {}))
  for place in places[subject][key]
];

{
  unknown(thresholds):: [key for key in std.objectFields(thresholds) if !std.objectHas(shipped, key)],
  wrong(thresholds):: [
    key
    for key in std.objectFields(thresholds)
    if !std.isNumber(thresholds[key]) || thresholds[key] <= 0 || (std.endsWith(key, 'Ratio') && thresholds[key] > 1)
  ],

  apply(subject, text, thresholds)::
    local all = steps(subject, thresholds);
    local marked = std.foldl(
      substitute(subject), [{ from: step.from, to: step.marked } for step in all], text
    );
    std.foldl(
      function(text, key) std.strReplace(text, '\u0001%s\u0001' % key, figure(thresholds[key])),
      std.objectFields(std.get(places, subject, {})),
      marked
    ),
}
