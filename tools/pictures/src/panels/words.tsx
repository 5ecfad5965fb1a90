/** The panel of written words. */

import { renderTextPanelMarkdown } from "@grafana/data";
import { View } from "./view";

export function Words({ panel, replace }: View) {
  const { mode = "markdown", content } = panel.options;
  if (mode !== "markdown") {
    throw new Error(`nothing here knows text in the mode ${mode}`);
  }
  return <div className="markdown-html" dangerouslySetInnerHTML={{ __html: renderTextPanelMarkdown(replace(content)) }} />;
}
