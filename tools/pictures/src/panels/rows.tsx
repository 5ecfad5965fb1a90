/** The panel of rows and columns. */

import { TableNG } from "@grafana/ui/unstable";
import { fieldConfig } from "../fields";
import { View } from "./view";

export function Rows({ panel, frames, range, width, height }: View) {
  if (frames.length > 1) {
    throw new Error(`${frames.length} tables in one panel: Grafana shows only the first and a choice`);
  }
  const { showHeader = true, cellHeight, sortBy, footer, frozenColumns, maxRowHeight } = panel.options;
  return (
    <TableNG
      data={frames[0]}
      width={width}
      height={height}
      timeRange={range}
      noHeader={!showHeader}
      cellHeight={cellHeight}
      maxRowHeight={maxRowHeight}
      sortBy={sortBy}
      enablePagination={panel.options.enablePagination ?? footer?.enablePagination}
      frozenColumns={frozenColumns?.left}
      fieldConfig={fieldConfig(panel)}
      noValue={fieldConfig(panel).defaults.noValue}
    />
  );
}
