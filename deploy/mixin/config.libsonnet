// What a site may set; everything else stands in the files that the mixin imports.
{
  _config+:: {
    // Matchers put into every selector of a metric of the exporter, e.g. 'cluster="eu"'; '' is none.
    selector: '',
    // The scrape job of the exporter.
    job: 'o365-exporter',
    // Tags of every dashboard, beside those it has.
    dashboardTags: [],

    thresholds: {
      // O365IncidentWithoutPost: Microsoft has not written about an open incident for so many days, Saturdays and Sundays not
      // counted.
      silentWeekdays: 1.5,
      // O365AppCredentialExpiresSoon, O365ExporterCredentialExpiresSoon.
      credentialWarningDays: 30,
      // O365AppCredentialExpires, O365ExporterCredentialExpires.
      credentialCriticalDays: 7,
      // O365AppCredentialExpired becomes O365AppCredentialExpiredLongAgo after so many days.
      credentialForgottenDays: 7,
      // A last credential that lasts so many days at most, from its start to its end, is one that rotates by itself.
      credentialShortLivedDays: 32,
      // O365SkuNearlyFull: used seats, of 1.
      seatsUsedRatio: 0.95,
      // O365SubscriptionEndsSoon, O365TrialEnds.
      subscriptionDays: 14,
      // O365MessageActionRequired: the date lies within so many days.
      messageDays: 30,
      // O365UsageCollapsed: users as against a week before, of 1; not where there were fewer than so many.
      usageRatio: 0.5,
      usageUsers: 20,
      // O365ReportStuck: age of the newest day of a report; it is over below 5 days.
      reportDays: 6,
    },
  },
}
