/** The panel for values over time. */

import { TimeSeries } from "@grafana/ui";
import { View } from "./view";

export function Lines({ panel, frames, range, width, height }: View) {
  return (
    <TimeSeries
      frames={frames}
      timeRange={range}
      timeZone="utc"
      width={width}
      height={height}
      legend={panel.options.legend}
      options={panel.options}
    />
  );
}
