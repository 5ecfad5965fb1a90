/** The driver calls `draw`; when it resolves, everything stands on the page. */

import { ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { createTheme, ThemeContext } from "@grafana/data";
import { GlobalStyles } from "@grafana/ui";
import { prepared } from "./draw";
import { Job, Result } from "./job";
import { Page } from "./page";
import "./page.css";

declare global {
  interface Window {
    draw: (job: Job) => Promise<Result[]>;
  }
}

let fetching = 0;
const { fetch } = window;
window.fetch = async (...request) => {
  fetching += 1;
  try {
    return await fetch(...request);
  } finally {
    fetching -= 1;
  }
};

window.draw = async (job) => {
  const theme = createTheme({ colors: { mode: job.theme } });
  const page = await prepared(job, theme);
  const results = new Map<number, Result>();
  const note = (result: Result) => void (results.get(result.id)?.state === "error" || results.set(result.id, result));
  const root = createRoot(document.getElementById("root")!);
  const render = (content?: ReactNode) =>
    root.render(
      <ThemeContext.Provider value={theme}>
        <GlobalStyles />
        {content}
      </ThemeContext.Provider>,
    );
  render();
  await settled();
  await Promise.all(["14px Inter", "500 14px Inter"].map((font) => document.fonts.load(font))); // texts get measured
  render(<Page page={page} width={job.width} report={note} />);
  await settled();
  return page.panels.map(({ panel: { id, title, type } }) => results.get(id) ?? { id, title, type, state: "error", message: "not drawn" });
};

/** Nothing on the page has changed for a while and nothing is being fetched: charts and icons come later than React. */
async function settled(): Promise<void> {
  const quiet = 300; // milliseconds
  let changed = performance.now();
  const observer = new MutationObserver(() => (changed = performance.now()));
  observer.observe(document.body, { subtree: true, childList: true, attributes: true });
  while (fetching || performance.now() - changed < quiet) {
    await new Promise(requestAnimationFrame);
  }
  observer.disconnect();
}
