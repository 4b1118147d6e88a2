import { isAbort, messageOf } from "./page.ts";

/** What a task may do while it runs. */
export interface Job {
  /** Aborted when the visitor cancels. */
  readonly signal: AbortSignal;
  /** @param share of the work that is done, 0..1 */
  onProgress(share: number): void;
  say(text: string): void;
}

/** Work that a button starts. */
export interface Task {
  /** Cancels what is running. */
  cancel(): void;
}

/**
 * Makes a button for work that takes long: while it runs, the button cancels it; progress and outcome stand
 * beside the button.
 *
 * @param work gives the text that is said at its end
 */
export function makeTask(button: HTMLButtonElement, work: (job: Job) => Promise<string>): Task {
  const label = button.textContent ?? "";
  const bar = document.createElement("progress");
  const status = document.createElement("p");
  bar.hidden = true;
  bar.setAttribute("aria-label", label);
  status.className = "quiet";
  status.setAttribute("role", "status");
  button.after(bar, status);
  let running: AbortController | undefined;

  const say = (text: string, isBad = false) => {
    status.classList.toggle("bad", isBad);
    status.textContent = text;
  };
  const run = async ({ signal }: AbortController) => {
    button.textContent = "Cancel";
    bar.hidden = false;
    bar.removeAttribute("value");
    say("");
    const onProgress = (share: number) => {
      bar.value = share;
    };
    try {
      const outcome = await work({ signal, onProgress, say });
      say(signal.aborted ? "Canceled." : outcome);
    } catch (error) {
      const isCanceled = signal.aborted || isAbort(error);
      if (!isCanceled) console.error(error);
      say(isCanceled ? "Canceled." : messageOf(error), !isCanceled);
    }
    button.textContent = label;
    bar.hidden = true;
  };
  button.addEventListener("click", () => {
    if (running) return running.abort();
    running = new AbortController();
    void run(running).finally(() => {
      running = undefined;
    });
  });
  return { cancel: () => running?.abort() };
}
