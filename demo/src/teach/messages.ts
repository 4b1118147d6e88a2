import { isAbort, messageOf, part } from "../page.ts";

const status = part("teach-status", HTMLElement);

/** Says something below the picture that is painted on. */
export function tell(text: string): void {
  status.classList.remove("bad");
  status.textContent = text;
}

export function tellError(error: unknown): void {
  if (isAbort(error)) return;
  console.error(error);
  tell(messageOf(error));
  status.classList.add("bad");
}

/** Work that a button does; what goes wrong is said. */
export function onPress(id: string, work: () => Promise<void>): void {
  part(id, HTMLButtonElement).addEventListener("click", () => {
    tell("");
    work().catch(tellError);
  });
}
