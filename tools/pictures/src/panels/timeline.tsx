/** A plain state timeline of our own: Grafana does not publish its component. */

import { DataFrame, dateTimeFormat, DisplayValue, getFieldDisplayName, TimeRange } from "@grafana/data";
import { VizLegend } from "@grafana/ui";
import { LegendDisplayMode } from "@grafana/schema";
import { uniqBy } from "lodash";
import { View } from "./view";

const LEGEND = 28; // pixels
const TICKS = 7;

interface Block {
  from: number;
  to: number;
  shown: DisplayValue;
}

interface Row {
  name: string;
  blocks: Block[];
}

export function Timeline({ panel, frames, range, width, height }: View) {
  const rows = frames.flatMap((frame) => rowsOf(frame, frames, range));
  const opacity = (panel.fieldConfig?.defaults.custom?.fillOpacity ?? 70) / 100;
  return (
    <>
      <div className="timeline" style={{ width, height: height - LEGEND }}>
        {rows.map(({ name, blocks }) => (
          <div key={name} className="timeline-row">
            <span>{name}</span>
            <div>
              {blocks.map(({ from, to, shown }) => (
                <i key={from} style={{ ...place(range, from, to), background: shown.color, opacity }} />
              ))}
            </div>
          </div>
        ))}
        <Axis range={range} />
      </div>
      <VizLegend displayMode={LegendDisplayMode.List} placement="bottom" items={legend(rows)} />
    </>
  );
}

/** A row for each field of numbers; equal neighbours become one block. */
function rowsOf(frame: DataFrame, all: DataFrame[], range: TimeRange): Row[] {
  const times = frame.fields.find(({ type }) => type === "time")!;
  const step = times.config.interval ?? 0;
  return frame.fields
    .filter(({ type }) => type === "number")
    .map((field) => {
      const blocks: Block[] = [];
      field.values.forEach((value, index) => {
        const from = times.values[index];
        const block = { from, to: Math.min(from + step, range.to.valueOf()), shown: field.display!(value) };
        join(blocks, block);
      });
      return { name: getFieldDisplayName(field, frame, all), blocks };
    });
}

function join(blocks: Block[], next: Block): void {
  const last = blocks.at(-1);
  if (last && last.to >= next.from && last.shown.text === next.shown.text) {
    last.to = next.to;
  } else {
    blocks.push(next);
  }
}

const share = ({ from, to }: TimeRange, time: number) => `${(100 * (time - from.valueOf())) / to.diff(from)}%`;

function place(range: TimeRange, from: number, to: number) {
  return { left: share(range, from), width: `${(100 * (to - from)) / range.to.diff(range.from)}%` };
}

function Axis({ range }: { range: TimeRange }) {
  const length = range.to.diff(range.from);
  const format = length > 2 * 86_400_000 ? "MM/DD" : length > 600_000 ? "HH:mm" : "HH:mm:ss";
  const times = Array.from({ length: TICKS }, (_, index) => range.from.valueOf() + ((index + 0.5) / TICKS) * length);
  return (
    <div className="timeline-row timeline-axis">
      <span />
      <div>
        {times.map((time) => (
          <small key={time} style={{ left: share(range, time) }}>
            {dateTimeFormat(time, { format, timeZone: "utc" })}
          </small>
        ))}
      </div>
    </div>
  );
}

function legend(rows: Row[]) {
  const values = uniqBy(
    rows.flatMap(({ blocks }) => blocks.map(({ shown }) => shown)),
    "text",
  );
  return values.map(({ text, color }) => ({ label: text, color, yAxis: 1 }));
}
