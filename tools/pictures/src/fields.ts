/** How fields look: Grafana's own transformations, field settings and overrides. */

import { lastValueFrom } from "rxjs";
import { cloneDeepWith, defaultsDeep, uniqBy } from "lodash";
import {
  applyFieldOverrides,
  cacheFieldDisplayNames,
  DataFrame,
  DataTransformerInfo,
  dataLinksOverrideProcessor,
  displayNameOverrideProcessor,
  FieldConfigOptionsRegistry,
  FieldConfigPropertyItem,
  FieldConfigSource,
  GrafanaTheme2,
  identityOverrideProcessor,
  InterpolateFunction,
  standardTransformers,
  standardTransformersRegistry,
  ThresholdsConfig,
  ThresholdsMode,
  thresholdsOverrideProcessor,
  transformDataFrame,
  valueMappingsOverrideProcessor,
} from "@grafana/data";
import { Panel } from "./job";

standardTransformersRegistry.setInit(() =>
  uniqBy<DataTransformerInfo>(Object.values(standardTransformers), "id").map((each) => ({
    ...each,
    editor: () => null,
    transformation: () => Promise.resolve(each),
    imageDark: "",
    imageLight: "",
  })),
);

/** Settings that every kind of panel has, and how Grafana reads them. */
const STANDARD: Record<string, FieldConfigPropertyItem["process"]> = {
  color: identityOverrideProcessor,
  decimals: identityOverrideProcessor,
  description: identityOverrideProcessor,
  displayName: displayNameOverrideProcessor,
  fieldMinMax: identityOverrideProcessor,
  filterable: identityOverrideProcessor,
  links: dataLinksOverrideProcessor,
  mappings: valueMappingsOverrideProcessor,
  max: identityOverrideProcessor,
  min: identityOverrideProcessor,
  noValue: identityOverrideProcessor,
  thresholds: thresholdsOverrideProcessor,
  unit: identityOverrideProcessor,
};

/** What Grafana adds to a panel that does not say otherwise. */
const BASE = { color: { mode: "thresholds" } };
const GREEN_AND_RED: ThresholdsConfig = {
  mode: ThresholdsMode.Absolute,
  steps: [
    { value: -Infinity, color: "green" },
    { value: 80, color: "red" },
  ],
};
const DEFAULTS: Record<string, object> = {
  timeseries: {
    color: { mode: "palette-classic" },
    custom: { drawStyle: "line", lineWidth: 1, fillOpacity: 0, pointSize: 5, showPoints: "auto", spanNulls: false },
  },
  table: { custom: { align: "auto", cellOptions: { type: "auto" }, inspect: false } },
};

/** The panel's settings with Grafana's defaults. */
export function fieldConfig({ type, fieldConfig }: Panel): FieldConfigSource {
  const { defaults, overrides } = lowestStep(fieldConfig ?? { defaults: {}, overrides: [] });
  const thresholds = defaults.thresholds ?? GREEN_AND_RED;
  return { defaults: { ...defaultsDeep({}, defaults, DEFAULTS[type], BASE), thresholds }, overrides };
}

/** JSON has no infinity: the lowest threshold of a saved dashboard is null. */
function lowestStep(source: FieldConfigSource): FieldConfigSource {
  return cloneDeepWith(source, (value, key) => (key === "value" && value === null ? -Infinity : undefined));
}

/** Transformed frames whose fields know how they are shown and where their links lead. */
export async function shown(panel: Panel, frames: DataFrame[], replace: InterpolateFunction, theme: GrafanaTheme2) {
  const transformations = panel.transformations ?? [];
  for (const { id } of transformations) {
    if (!standardTransformersRegistry.getIfExists(id)) {
      throw new Error(`nothing here knows the transformation ${id}`);
    }
  }
  const transformed = await lastValueFrom(transformDataFrame(transformations, frames, { interpolate: replace }));
  const source = fieldConfig(panel);
  const fields = applyFieldOverrides({
    data: transformed,
    fieldConfig: source,
    fieldConfigRegistry: registry(source),
    replaceVariables: replace,
    theme,
    timeZone: "utc",
  });
  cacheFieldDisplayNames(fields);
  return fields;
}

/** Knows the settings that the panel uses; one that Grafana does not have is an error. */
function registry({ defaults, overrides }: FieldConfigSource): FieldConfigOptionsRegistry {
  const overridden = overrides.flatMap(({ properties }) => properties.map(({ id }) => id));
  const custom = Object.keys(defaults.custom ?? {}).map((key) => `custom.${key}`);
  const standard = Object.keys(defaults).filter((key) => key !== "custom");
  const used = new Set([...standard, ...custom, ...overridden, ...Object.keys(STANDARD)]);
  return new FieldConfigOptionsRegistry(() => Array.from(used, setting));
}

function setting(id: string): FieldConfigPropertyItem {
  const isCustom = id.startsWith("custom.");
  const process = isCustom ? identityOverrideProcessor : STANDARD[id];
  if (!process) {
    throw new Error(`nothing here knows the field setting ${id}`);
  }
  const none = () => null;
  return {
    id,
    path: isCustom ? id.slice("custom.".length) : id,
    isCustom,
    name: id,
    process,
    shouldApply: () => true,
    settings: { expandTemplateVars: true },
    editor: none,
    override: none,
  };
}
