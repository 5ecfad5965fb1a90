/** The dashboard as Grafana lays it out: 24 columns, cells of 30 pixels with 8 between them. */

import { Component, ReactNode } from "react";
import { Icon, PanelChrome, useTheme2 } from "@grafana/ui";
import { rangeUtil } from "@grafana/data";
import { Page as Drawing, Prepared } from "./draw";
import { Panel, Result } from "./job";
import { Rows } from "./panels/rows";
import { Lines } from "./panels/series";
import { Timeline } from "./panels/timeline";
import { Bars, Stat } from "./panels/values";
import { View } from "./panels/view";
import { Words } from "./panels/words";

const COLUMNS = 24;
const CELL = 30;
const GAP = 8;

const KINDS: Record<string, (view: View) => ReactNode> = {
  bargauge: Bars,
  "state-timeline": Timeline,
  stat: Stat,
  table: Rows,
  text: Words,
  timeseries: Lines,
};
const ALWAYS_DRAWN = ["bargauge", "stat", "text"]; // without data they draw their noValue themselves

interface Props {
  page: Drawing;
  width: number;
  report: (result: Result) => void;
}

export function Page({ page, width, report }: Props) {
  const { job, range, panels } = page;
  const bottom = Math.max(...panels.map(({ panel: { gridPos } }) => gridPos.y + gridPos.h));
  return (
    <main style={{ width }}>
      <header>
        <h1>{job.dashboard.title}</h1>
        <span className="choice">
          <Icon name="clock-nine" /> {rangeUtil.describeTimeRange(range.raw)}
        </span>
      </header>
      <Controls page={page} />
      <section style={{ height: bottom * (CELL + GAP) }}>
        {panels.map((each) => (
          <Cell key={each.panel.id} {...{ each, page, width, report }} />
        ))}
      </section>
    </main>
  );
}

function Controls({ page: { job, choices } }: { page: Drawing }) {
  return (
    <nav>
      {choices.filter(({ variable }) => variable.hide !== 2).map(({ variable, text }) => (
        <span key={variable.name} className="choice">
          <b>{variable.label ?? variable.name}</b> {text}
        </span>
      ))}
      <span className="links">
        {job.dashboard.links?.map(({ title, type }) => (
          <a key={title}>
            <Icon name={type === "dashboards" ? "apps" : "external-link-alt"} /> {title}
          </a>
        ))}
      </span>
    </nav>
  );
}

function Cell({ each, page, width, report }: Props & { each: Prepared }) {
  const { id, type, title, gridPos } = each.panel;
  const column = (width + GAP) / COLUMNS;
  const place = {
    left: gridPos.x * column,
    top: gridPos.y * (CELL + GAP),
    width: gridPos.w * column - GAP,
    height: gridPos.h * (CELL + GAP) - GAP,
  };
  const tell = (state: Result["state"], message?: string) => report({ id, type, title, state, message });
  return (
    <div className="cell" style={place}>
      {type === "row" ? (
        <Heading panel={each.panel} tell={tell} />
      ) : (
        <Framed {...{ each, page, tell }} width={place.width} height={place.height} />
      )}
    </div>
  );
}

type Tell = (state: Result["state"], message?: string) => void;

function Heading({ panel, tell }: { panel: Panel; tell: Tell }) {
  if (panel.collapsed) {
    tell("error", "a collapsed row hides its panels");
  } else {
    tell("drawn");
  }
  return <h2><Icon name="angle-down" /> {panel.title}</h2>;
}

interface FramedProps {
  each: Prepared;
  page: Drawing;
  tell: Tell;
  width: number;
  height: number;
}

function Framed({ each: { panel, frames, error }, page: { range, replace }, tell, width, height }: FramedProps) {
  return (
    <PanelChrome
      title={replace(panel.title)}
      description={panel.description}
      titleItems={panel.links?.length ? <Icon className="linked" name="external-link-alt" size="sm" /> : undefined}
      statusMessage={error?.message}
      width={width}
      height={height}
    >
      {(innerWidth, innerHeight) => (
        <Guard tell={tell}>
          <Content view={{ panel, frames, range, replace, width: innerWidth, height: innerHeight }} {...{ error, tell }} />
        </Guard>
      )}
    </PanelChrome>
  );
}

function Content({ view, error, tell }: { view: View; error?: Error; tell: Tell }) {
  const { panel, frames } = view;
  const Kind = KINDS[panel.type];
  if (error || !Kind) {
    throw error ?? new Error(`nothing here knows panels of the type ${panel.type}`);
  }
  const empty = panel.type !== "text" && !frames.some(({ length }) => length);
  const words = panel.fieldConfig?.defaults.noValue ?? "No data";
  tell(empty ? "empty" : "drawn", empty ? words : undefined);
  if (empty && !ALWAYS_DRAWN.includes(panel.type)) {
    return <div className="no-data">{words}</div>;
  }
  return <Kind {...view} />;
}

/** Shows and reports whatever goes wrong while a panel is drawn. */
class Guard extends Component<{ children: ReactNode; tell: Tell }, { error?: Error }> {
  state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  componentDidCatch(error: Error) {
    this.props.tell("error", error.message);
  }

  render() {
    const { error } = this.state;
    return error ? <div className="error">{error.message}</div> : this.props.children;
  }
}
