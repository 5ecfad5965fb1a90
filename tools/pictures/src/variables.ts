/** Dashboard variables: which values they have, and how they stand in queries and texts. */

import { get } from "lodash";
import { InterpolateFunction, ScopedVars } from "@grafana/data";
import { Variable } from "./job";
import { labelValues, written } from "./prometheus";

const ALL = "$__all";

export interface Choice {
  variable: Variable;
  values: string[];
  /** What Grafana shows above the dashboard. */
  text: string;
  /** Every value is chosen. */
  all: boolean;
}

/** Choices in the dashboard's order; a later query may use an earlier variable. */
export async function chosen(variables: Variable[], wanted: Record<string, string[]>) {
  const unknown = Object.keys(wanted).filter((name) => !variables.some((variable) => variable.name === name));
  if (unknown.length) {
    throw new Error(`the dashboard has no variable ${unknown.join(", ")}`);
  }
  const choices: Choice[] = [];
  for (const variable of variables) {
    const options = await optionsOf(variable, choices);
    choices.push(choice(variable, options, wanted[variable.name] ?? [variable.current?.value ?? []].flat()));
  }
  return choices;
}

async function optionsOf(variable: Variable, earlier: Choice[]): Promise<string[]> {
  if (variable.type === "datasource") {
    return ["Prometheus"];
  }
  const query = typeof variable.query === "string" ? variable.query : variable.query.query;
  const parts = /^\s*label_values\(\s*(.+?)\s*,\s*(\w+)\s*\)\s*$/s.exec(query);
  const result = /^\s*query_result\((.+)\)\s*$/s.exec(query);
  if (variable.type !== "query" || !(parts || result)) {
    throw new Error(`variable ${variable.name}: nothing here knows the type ${variable.type} with ${query}`);
  }
  const values = parts
    ? await labelValues(inQuery(parts[1], earlier), parts[2])
    : matched(await written(inQuery(result![1], earlier)), variable.regex);
  if (!values.length) {
    throw new Error(`variable ${variable.name} has no values: ${query}`);
  }
  return values;
}

/** What a variable's regular expression takes from each of the lines. */
function matched(lines: string[], regex = "/(.*)/"): string[] {
  const pattern = new RegExp(regex.replace(/^\/|\/$/g, ""));
  return lines.flatMap((line) => pattern.exec(line)?.[1] ?? []);
}

function choice(variable: Variable, options: string[], wanted: string[]): Choice {
  const missing = wanted.filter((value) => value !== ALL && !options.includes(value));
  if (missing.length && variable.type !== "datasource") {
    throw new Error(`variable ${variable.name} does not have the value ${missing.join(", ")}`);
  }
  const all = Boolean(variable.includeAll) && wanted.every((value) => value === ALL);
  const values = all ? options : wanted.length && !missing.length ? wanted : options.slice(0, 1);
  return { variable, values, text: all ? "All" : values.join(" + "), all };
}

/** In PromQL, as Grafana's data source does: several values become an alternative of a regular expression. */
export function inQuery(expression: string, choices: Choice[], more: Record<string, string> = {}): string {
  return replaced(expression, (name, format) => {
    const found = choices.find(({ variable }) => variable.name === name);
    return found ? formatted(found, format ?? "promql") : more[name];
  });
}

/** In titles and links; what stands for a field, its labels or its value comes from Grafana's scoped variables. */
export function inText(choices: Choice[]): InterpolateFunction {
  return (text: string, scope?: ScopedVars) =>
    replaced(text, (name, format) => {
      const found = choices.find(({ variable }) => variable.name === name);
      const [first, ...path] = name.split(".");
      return found ? formatted(found, format ?? "text") : String(get(scope?.[first]?.value, path) ?? "");
    });
}

function replaced(text: string, value: (name: string, format?: string) => string | undefined): string {
  return text.replace(/\$([a-zA-Z_]\w*)|\$\{([\w.]+)(?::(\w+))?[^}]*\}/g, (whole, bare, name, format) => {
    const found = value(bare ?? name, format);
    if (found === undefined) {
      throw new Error(`nothing gives ${whole} a value in ${text}`);
    }
    return found;
  });
}

function formatted({ variable, values, text, all }: Choice, format: string): string {
  if (format === "text") {
    return text;
  }
  if (format === "queryparam") {
    return (all ? [ALL] : values).map((value) => `var-${variable.name}=${encodeURIComponent(value)}`).join("&");
  }
  if (all && variable.allValue) {
    return variable.allValue;
  }
  const join = JOINED[format];
  if (!join) {
    throw new Error(`variable ${variable.name}: nothing here knows the format ${format}`);
  }
  return join(values, variable);
}

const special = (value: string) => value.replace(/[\\^$*+?.()|[\]{}/]/g, "\\$&");
const group = (values: string[]) => (values.length > 1 ? `(${values.join("|")})` : values.join(""));

const JOINED: Record<string, (values: string[], variable: Variable) => string> = {
  raw: (values) => values.join(","),
  csv: (values) => values.join(","),
  pipe: (values) => values.join("|"),
  regex: (values) => group(values.map(special)),
  promql: (values, { multi, includeAll }) =>
    multi || includeAll
      ? group(values.map((value) => special(value).replace(/\\/g, "\\\\").replace(/'/g, "\\\\'")))
      : values.join("").replace(/\\/g, "\\\\").replace(/'/g, "\\\\'"),
};
