const WIDTH = 240;
const HEIGHT = 60;

/** The loss over the steps, as a line. */
export class LossCurve {
  readonly #figure: SVGSVGElement;
  readonly #line: Element;
  readonly #losses: number[] = [];

  /** @param figure has a polyline in it */
  constructor(figure: SVGSVGElement) {
    this.#figure = figure;
    const line = figure.firstElementChild;
    if (!line) throw new Error("the curve has no line");
    this.#line = line;
    figure.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  }

  clear(): void {
    this.#losses.length = 0;
    this.#line.setAttribute("points", "");
  }

  /** @param steps in all */
  add(loss: number, steps: number): void {
    const losses = this.#losses;
    losses.push(loss);
    const highest = Math.max(...losses);
    const points = losses.map((value, step) => {
      const x = (WIDTH * step) / Math.max(1, steps - 1);
      return `${x.toFixed(1)},${(HEIGHT - 2 - ((HEIGHT - 4) * value) / highest).toFixed(1)}`;
    });
    this.#line.setAttribute("points", points.join(" "));
    const first = losses[0] ?? 0;
    this.#figure.setAttribute("aria-label", `Loss: ${first.toFixed(2)} at first, now ${loss.toFixed(2)}`);
    this.#figure.removeAttribute("hidden");
  }
}
