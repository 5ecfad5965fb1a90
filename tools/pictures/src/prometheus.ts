/** Questions to Prometheus, and the answers as the data frames that Grafana's data source makes of them. */

import { DataFrame, Field, FieldType, Labels, TimeRange } from "@grafana/data";
import { groupBy } from "lodash";
import { Target } from "./job";

interface Series {
  metric: Labels;
  samples: Array<[seconds: number, value: string]>;
}

/** The driver passes what is under `/api` to Prometheus. */
async function asked(path: string, parameters: Record<string, string>): Promise<any> {
  const answer = await fetch(`/api/v1/${path}?${new URLSearchParams(parameters)}`);
  const body = await answer.json();
  if (body.status !== "success") {
    throw new Error(`Prometheus refuses ${parameters.query ?? path}: ${body.error}`);
  }
  return body.data;
}

export function labelValues(selector: string, label: string): Promise<string[]> {
  return asked(`label/${label}/values`, { "match[]": selector });
}

/** The series of an expression now, as Grafana's variables of the kind `query_result` see them. */
export async function written(query: string): Promise<string[]> {
  const { result } = await asked("query", { query });
  const pairs = (metric: Labels) => Object.entries(metric).map(([label, value]) => `${label}="${value}"`);
  return result.map(({ metric, value: [seconds, value] }: any) => `{${pairs(metric)}} ${value} ${seconds * 1000}`);
}

/** The answer to one query at the end of the time range, or over it in steps of milliseconds. */
export async function series(target: Target, expr: string, range: TimeRange, step: number) {
  const end = Math.floor(range.to.valueOf() / step) * (step / 1000);
  const start = Math.floor(range.from.valueOf() / step) * (step / 1000);
  const data = target.instant
    ? await asked("query", { query: expr, time: String(range.to.valueOf() / 1000) })
    : await asked("query_range", {
        query: expr,
        start: String(start),
        end: String(end),
        step: String(step / 1000),
      });
  if (data.resultType === "scalar") {
    return [{ metric: {}, samples: [data.result] }];
  }
  return data.result.map(({ metric, value, values }: any): Series => ({ metric, samples: values ?? [value] }));
}

/** One frame for each series; a query without any gives a frame without fields. */
export function frames(target: Target, expr: string, found: Series[], step: number): DataFrame[] {
  if (!found.length) {
    return [{ refId: target.refId, fields: [], length: 0 }];
  }
  return found.map(({ metric, samples }) => ({
    refId: target.refId,
    length: samples.length,
    fields: [
      { ...field("Time", FieldType.time, samples.map(([time]) => time * 1000)), config: { interval: step } },
      {
        ...field(metric.__name__ ?? "Value", FieldType.number, samples.map(([, value]) => number(value))),
        labels: metric,
        config: { displayNameFromDS: name(target, expr, metric) },
      },
    ],
  }));
}

/** One frame for each query: a column for the time, one for each label, and one for the value. */
export function tables(found: DataFrame[]): DataFrame[] {
  const queries = Object.entries(groupBy(found, "refId"));
  if (found.length === 1 && !found[0].length) {
    return found;
  }
  return queries.map(([refId, rows]) => {
    const withData = rows.filter((row) => row.length);
    const labels = new Set(withData.flatMap(({ fields }) => Object.keys(fields[1].labels!).sort()));
    const column = (of: (row: DataFrame, index: number) => unknown) =>
      withData.flatMap((row) => row.fields[0].values.map((_, index) => of(row, index)));
    return {
      refId,
      length: withData.reduce((sum, row) => sum + row.length, 0),
      fields: [
        field("Time", FieldType.time, column(({ fields }, index) => fields[0].values[index])),
        ...Array.from(labels, (label) => ({
          ...field(label, FieldType.string, column(({ fields }) => fields[1].labels![label] ?? "")),
          config: { filterable: true },
        })),
        field(
          queries.length > 1 ? `Value #${refId}` : "Value",
          FieldType.number,
          column(({ fields }, index) => fields[1].values[index]),
        ),
      ],
    };
  });
}

function field(name: string, type: FieldType, values: unknown[]): Field {
  return { name, type, config: {}, values };
}

function number(value: string): number {
  return value.endsWith("Inf") ? (value.startsWith("-") ? -Infinity : Infinity) : parseFloat(value);
}

/** What a legend calls the series; nothing leaves it to Grafana's own rule. */
function name({ legendFormat }: Target, expr: string, metric: Labels): string | undefined {
  if (legendFormat === "__auto") {
    return Object.keys(metric).length ? undefined : expr;
  }
  if (legendFormat) {
    return legendFormat.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, label) => metric[label] ?? "");
  }
  const { __name__ = "", ...labels } = metric;
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return pairs.length ? `${__name__}{${pairs.sort().join(", ")}}` : __name__ || expr;
}
