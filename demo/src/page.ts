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

/** Puts other items into a list; the control in the place of the one with the keyboard's focus gets that. */
export function refill(list: HTMLElement, items: readonly HTMLElement[]): void {
  const controlsOf = (item: Element | undefined) => [
    ...(item?.querySelectorAll<HTMLElement>("button, input") ?? []),
  ];
  const focused = document.activeElement;
  const place = [...list.children].findIndex((item) => item.contains(focused));
  const kind = focused instanceof HTMLElement ? controlsOf(list.children[place]).indexOf(focused) : -1;
  list.replaceChildren(...items);
  if (place < 0) return;
  const controls = controlsOf(items[Math.min(place, items.length - 1)]);
  const same = controls[kind];
  (same?.matches(":disabled") ? controls[0] : same)?.focus();
}

/** Ways to say in an element what is going on, and what went wrong. */
export function makeStatus(line: HTMLElement) {
  const say = (text: string): void => {
    line.classList.remove("bad");
    line.textContent = text;
  };
  const sayError = (error: unknown): void => {
    if (isAbort(error)) return;
    console.error(error);
    say(messageOf(error));
    line.classList.add("bad");
  };
  return { say, sayError };
}

/** Says below the stage what is going on, also to screen readers. */
export const { say, sayError } = makeStatus(part("status", HTMLElement));

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
