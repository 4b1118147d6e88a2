import { part } from "./page.ts";

export type View = "segment" | "teach";

const views: readonly View[] = ["segment", "teach"];

/** Shows one of the page's views; its button in the header is pressed. */
export function showView(view: View): void {
  for (const name of views) {
    part(name, HTMLElement).hidden = name !== view;
    part(`show-${name}`, HTMLButtonElement).setAttribute("aria-pressed", String(name === view));
  }
  scrollTo(0, 0);
}

export function shownView(): View {
  return views.find((name) => !part(name, HTMLElement).hidden) ?? "segment";
}
