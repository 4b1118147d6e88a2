/** The parts of the page by their ids, each of the kind that the code expects. */
export function part<T extends HTMLElement>(id: string, kind: abstract new () => T): T {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${kind.name} #${id}`);
}

const status = part("status", HTMLElement);

/** Says what is going on, also to screen readers. */
export function say(text: string): void {
  status.classList.remove("bad");
  status.textContent = text;
}

/** Says what went wrong, and what can be done about it where the error knows. */
export function sayError(error: unknown): void {
  if (error instanceof DOMException && error.name === "AbortError") return;
  console.error(error);
  status.classList.add("bad");
  status.textContent = error instanceof Error ? error.message : String(error);
}

const bar = part("progress", HTMLProgressElement);

/** Shows how much of some work is done, 0..1; undefined takes the bar away. */
export function showProgress(share: number | undefined): void {
  bar.hidden = share === undefined;
  if (share !== undefined) bar.value = share;
}
