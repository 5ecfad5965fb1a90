import { DataFrame, InterpolateFunction, TimeRange } from "@grafana/data";
import { Panel } from "../job";

/** What a panel's component draws, in pixels. */
export interface View {
  panel: Panel;
  frames: DataFrame[];
  range: TimeRange;
  replace: InterpolateFunction;
  width: number;
  height: number;
}
