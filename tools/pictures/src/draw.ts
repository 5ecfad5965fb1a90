/** From a dashboard and a Prometheus to panels that only need drawing. */

import { DataFrame, dateMath, dateTime, GrafanaTheme2, InterpolateFunction, rangeUtil, TimeRange } from "@grafana/data";
import { shown } from "./fields";
import { Job, Panel, Target } from "./job";
import { frames, series, tables } from "./prometheus";
import { Choice, chosen, inQuery, inText } from "./variables";

export interface Prepared {
  panel: Panel;
  frames: DataFrame[];
  error?: Error;
}

export interface Page {
  job: Job;
  choices: Choice[];
  range: TimeRange;
  replace: InterpolateFunction;
  panels: Prepared[];
}

/** Panels with their data, or with the reason why they have none. */
export async function prepared(job: Job, theme: GrafanaTheme2): Promise<Page> {
  const { dashboard } = job;
  const choices = await chosen(dashboard.templating.list, job.variables);
  const page = { job, choices, range: timeRange(job), replace: inText(choices) };
  const panels = dashboard.panels.map(async (panel): Promise<Prepared> => {
    try {
      return { panel, frames: await shown(panel, await answers(panel, page), page.replace, theme) };
    } catch (error) {
      return { panel, frames: [], error: error as Error };
    }
  });
  return { ...page, panels: await Promise.all(panels) };
}

function timeRange({ dashboard, from = dashboard.time.from }: Job): TimeRange {
  const end = dashboard.time.to;
  const start = dateMath.toDateTime(from, { roundUp: false });
  if (end !== "now" || !start?.isValid()) {
    throw new Error(`nothing here knows the time from ${from} to ${end}`);
  }
  return { from: start, to: dateTime(), raw: { from, to: end } };
}

/** The answers to a panel's queries. */
async function answers(panel: Panel, { job, choices, range }: Omit<Page, "panels" | "replace">): Promise<DataFrame[]> {
  const step = stepOf(panel, job, range);
  const values = builtIn(range, step, job.scrapeInterval * 1000);
  const ask = async (target: Target) => {
    const expr = inQuery(target.expr, choices, values);
    return frames(target, expr, await series(target, expr, range, step), step);
  };
  const targets = panel.targets?.filter(({ hide }) => !hide) ?? [];
  const answered = await Promise.all(targets.map(async (target) => ({ target, frames: await ask(target) })));
  const asked = (table: boolean) =>
    answered.filter(({ target }) => (target.format === "table") === table).flatMap(({ frames }) => frames);
  return [...asked(false), ...tables(asked(true))];
}

function stepOf({ gridPos, interval, maxDataPoints }: Panel, { scrapeInterval, width }: Job, range: TimeRange): number {
  const points = maxDataPoints ?? Math.round((gridPos.w / 24) * width);
  return rangeUtil.calculateInterval(range, points, interval ?? `${scrapeInterval}s`).intervalMs;
}

/** Grafana's own variables of a query, in Prometheus' durations. */
function builtIn(range: TimeRange, step: number, scrape: number): Record<string, string> {
  const length = range.to.diff(range.from);
  return {
    __interval: `${step}ms`,
    __interval_ms: String(step),
    __range: `${Math.round(length / 1000)}s`,
    __range_ms: String(length),
    __range_s: String(Math.round(length / 1000)),
    __rate_interval: `${Math.max(step + scrape, 4 * scrape)}ms`,
  };
}
