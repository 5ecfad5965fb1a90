/** What the driver asks for, and what the page answers. */

import { DataSourceRef, FieldConfigSource, DataTransformerConfig } from "@grafana/data";

export interface Job {
  dashboard: Dashboard;
  /** Chosen values of variables; a variable that is not named keeps the dashboard's own choice. */
  variables: Record<string, string[]>;
  /** Instead of the dashboard's own, as Grafana writes it: `now-5m`. */
  from?: string;
  /** Seconds between two scrapes, as set up in Grafana's data source. */
  scrapeInterval: number;
  theme: "dark" | "light";
  /** Pixels for the 24 columns. */
  width: number;
}

export interface Dashboard {
  title: string;
  time: { from: string; to: string };
  links?: Link[];
  templating: { list: Variable[] };
  panels: Panel[];
}

export interface Link {
  title: string;
  type?: string;
}

export interface Variable {
  type: string;
  name: string;
  label?: string;
  query: string | { query: string };
  regex?: string;
  current?: { value?: string | string[] };
  includeAll?: boolean;
  multi?: boolean;
  allValue?: string;
  hide?: number;
}

export interface Target {
  refId: string;
  expr: string;
  legendFormat?: string;
  format?: string;
  instant?: boolean;
  range?: boolean;
  hide?: boolean;
  datasource?: DataSourceRef;
}

export interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: Target[];
  transformations?: DataTransformerConfig[];
  fieldConfig?: FieldConfigSource;
  options?: any; // each type has its own; its component reads what it needs
  links?: Link[];
  interval?: string;
  maxDataPoints?: number;
  collapsed?: boolean;
  panels?: Panel[];
}

/** `empty` is a panel without data, whatever it says then. */
export type State = "drawn" | "empty" | "error";

export interface Result {
  id: number;
  title: string;
  type: string;
  state: State;
  message?: string;
}
