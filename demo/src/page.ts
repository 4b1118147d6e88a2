/** The parts of the page by their ids, each of the kind that the code expects. */
export function part<T extends Element>(id: string, kind: abstract new () => T): T {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${kind.name} #${id}`);
}

/** An element with some text in it. */
export function element(name: string, text: string): HTMLElement {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

const status = part("status", HTMLElement);

/** Says what is going on, also to screen readers. */
export function say(text: string): void {
  status.classList.remove("bad");
  status.textContent = text;
}

/** Says what went wrong, and what can be done about it where the error knows. */
export function sayError(error: unknown): void {
  if (isAbort(error)) return;
  console.error(error);
  status.classList.add("bad");
  status.textContent = messageOf(error);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

const bar = part("progress", HTMLProgressElement);

/** Shows how much of some work is done, 0..1, or that it goes on; undefined takes the bar away. */
export function showProgress(share: number | "working" | undefined): void {
  bar.classList.toggle("idle", share === undefined);
  if (typeof share === "number") bar.value = share;
  else bar.removeAttribute("value");
}
