/** Panels that reduce each series to one value: stat and bargauge. */

import { getDisplayValueAlignmentFactors, getFieldDisplayValues } from "@grafana/data";
import { BarGauge, BigValue, useTheme2, VizRepeater, VizRepeaterRenderValueProps } from "@grafana/ui";
import { VizOrientation } from "@grafana/schema";
import { fieldConfig } from "../fields";
import { View } from "./view";

const PADDING = { bargauge: 10, stat: 3 };

function useValues({ panel, frames, replace }: View, sparkline: boolean) {
  const theme = useTheme2();
  const source = fieldConfig(panel);
  const { reduceOptions } = panel.options;
  return () =>
    getFieldDisplayValues({
      data: frames,
      fieldConfig: source,
      reduceOptions,
      replaceVariables: replace,
      sparkline,
      theme,
      timeZone: "utc",
    });
}

type Value = ReturnType<ReturnType<typeof useValues>>[number];
type Place = VizRepeaterRenderValueProps<Value, ReturnType<typeof getDisplayValueAlignmentFactors>>;

export function Stat(view: View) {
  const { options } = view.panel;
  const graph = options.graphMode ?? "area";
  const theme = useTheme2();
  const draw = ({ value, width, height, count, alignmentFactors }: Place) => (
    <BigValue
      {...{ value: value.display, sparkline: value.sparkline, width, height, count, alignmentFactors, theme }}
      colorMode={options.colorMode ?? "value"}
      graphMode={graph}
      justifyMode={options.justifyMode}
      textMode={options.textMode}
      text={options.text}
      disableWideLayout={options.wideLayout === false}
    />
  );
  return <Repeated view={view} values={useValues(view, graph !== "none")} draw={draw} grid />;
}

export function Bars(view: View) {
  const { options } = view.panel;
  const theme = useTheme2();
  const draw = ({ value, width, height, orientation, alignmentFactors }: Place) => (
    <BarGauge
      {...{ value: value.display, field: value.field, width, height, orientation, alignmentFactors, theme }}
      display={value.view?.getFieldDisplayProcessor(value.colIndex!)}
      displayMode={options.displayMode}
      valueDisplayMode={options.valueMode}
      namePlacement={options.namePlacement}
      showUnfilled={options.showUnfilled}
      text={options.text}
    />
  );
  return <Repeated view={view} values={useValues(view, false)} draw={draw} />;
}

interface Repetition {
  view: View;
  values: () => Value[];
  draw: (place: Place) => React.JSX.Element;
  grid?: boolean;
}

function Repeated({ view: { panel, frames, width, height }, values, draw, grid }: Repetition) {
  const auto = panel.options.sizing !== "manual";
  return (
    <VizRepeater
      source={frames}
      getValues={values}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={draw}
      renderCounter={0}
      width={width}
      height={height}
      itemSpacing={PADDING[panel.type as keyof typeof PADDING]}
      autoGrid={grid}
      orientation={panel.options.orientation ?? VizOrientation.Auto}
      minVizWidth={auto ? undefined : panel.options.minVizWidth}
      minVizHeight={auto ? 16 : panel.options.minVizHeight}
      maxVizHeight={auto ? 300 : panel.options.maxVizHeight}
    />
  );
}
