import { makeStatus, part } from "../page.ts";

/** Says something below the picture that is painted on. */
export const { say: tell, sayError: tellError } = makeStatus(part("teach-status", HTMLElement));

/** Work that a button does; what goes wrong is said. */
export function onPress(id: string, work: () => Promise<void>): void {
  part(id, HTMLButtonElement).addEventListener("click", () => {
    tell("");
    work().catch(tellError);
  });
}
