// What the page does besides where scripts may run; without this it is complete, in UTC, and loads itself anew as well.
"use strict";
(() => {
  const EVERY = 60_000;
  const SOON = 10_000;

  // Times in the reader's zone, UTC beside them: its date too where that is another one.
  for (const time of document.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.valueOf()) || !moment.getTimezoneOffset()) continue;
    const utc = time.textContent;
    const date = moment.toLocaleDateString(undefined, { dateStyle: "medium" });
    const isSameDay = moment.getDate() === moment.getUTCDate();
    if (time.dataset.form === "date") {
      if (!isSameDay) time.textContent = `${date} (${utc} UTC)`;
      continue;
    }
    const clock = moment.toLocaleTimeString(undefined, { timeStyle: "short" });
    time.textContent = `${date}, ${clock} (${isSameDay ? utc.split(", ").pop() : utc})`;
  }

  // What was opened stays open.
  for (const one of document.querySelectorAll("details[id]")) {
    const key = `${location.pathname} ${one.id}`;
    if (sessionStorage.getItem(key)) one.open = true;
    one.addEventListener("toggle", () => (one.open ? sessionStorage.setItem(key, "open") : sessionStorage.removeItem(key)));
  }

  // Anew each minute, unless somebody is typing or marking; where the exporter is silent, the page says how old it is.
  const root = document.documentElement.dataset.root;
  if (root === undefined) return;
  const loaded = new Date();
  const isBusy = () =>
    [...document.querySelectorAll("input[type=search]")].some((field) => field.value !== field.defaultValue) ||
    String(getSelection()) !== "";
  const silent = () => {
    const note = document.getElementById("silent");
    note.hidden = false;
    note.textContent = `The exporter does not answer: what is here is from ${loaded.toLocaleTimeString()}.`;
  };
  const again = async () => {
    if (isBusy()) return setTimeout(again, SOON);
    try {
      const answer = await fetch(`${root}-/healthy`, { cache: "no-store", signal: AbortSignal.timeout(SOON) });
      if (answer.ok) return location.reload();
    } catch {
      // told below
    }
    silent();
    return setTimeout(again, SOON);
  };
  setTimeout(again, EVERY);
})();
