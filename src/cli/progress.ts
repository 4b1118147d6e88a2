const LONGEST_BAR = 30;
/** Milliseconds between two drawings on a terminal. */
const REDRAW = 100;
/** Milliseconds between two lines in a log. */
const LOG_EVERY = 30_000;

/**
 * Progress on standard error: one line that is drawn again and again on a terminal, a line now and then in a
 * log.
 */
export class Progress {
  readonly #stream = process.stderr;
  #task = "";
  #line = "";
  #lastTime = 0;

  /** @param task what is being done; when it changes, or is done, a line is shown at once */
  update(task: string, done: number, total: number, detail = ""): void {
    const now = performance.now();
    const wait = this.#stream.isTTY ? REDRAW : LOG_EVERY;
    if (task === this.#task && done < total && now - this.#lastTime < wait) return;
    this.#task = task;
    this.#lastTime = now;
    const text = `${task} ${done}/${total} (${Math.floor((100 * done) / total)} %)  ${detail}`.trimEnd();
    if (!this.#stream.isTTY) {
      this.#stream.write(`${text}\n`);
      return;
    }
    // The bar has what the text leaves; a line that wraps could not be drawn over.
    const columns = (this.#stream.columns || 80) - 1;
    const width = Math.max(0, Math.min(LONGEST_BAR, columns - text.length - 2));
    const filled = Math.round((width * done) / total);
    this.#line = `${text}  ${"█".repeat(filled)}${"░".repeat(width - filled)}`.slice(0, columns);
    this.#draw();
  }

  /** Prints a text above the line. */
  note(text: string): void {
    this.#clear();
    this.#stream.write(`${text}\n`);
    this.#draw();
  }

  /** Takes the line off the terminal. */
  end(): void {
    this.#clear();
    this.#line = "";
  }

  #clear(): void {
    if (this.#stream.isTTY) this.#stream.write("\r\x1b[K");
  }

  #draw(): void {
    if (!this.#stream.isTTY || this.#line === "") return;
    this.#stream.write(`\r\x1b[K${this.#line}`);
  }
}
