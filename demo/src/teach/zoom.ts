const MOST = 8;

interface Finger {
  readonly clientX: number;
  readonly clientY: number;
}

interface Pinch {
  readonly x: number;
  readonly y: number;
  readonly distance: number;
}

/** Enlarges a canvas within the box that scrolls it. */
export class Zoom {
  readonly #box: HTMLElement;
  readonly #canvas: HTMLElement;
  #factor = 1;
  #pinch: Pinch | undefined;

  constructor(box: HTMLElement, canvas: HTMLElement) {
    this.#box = box;
    this.#canvas = canvas;
    box.addEventListener(
      "wheel",
      (event) => {
        // Pinching on a touchpad comes as a wheel with Ctrl.
        if (!event.ctrlKey) return;
        event.preventDefault();
        this.by(Math.exp(-event.deltaY / 200), event);
      },
      { passive: false },
    );
  }

  /** @param center what stays where it is; defaults to the middle of what is seen */
  by(factor: number, center: Finger = this.#middle()): void {
    const next = Math.min(MOST, Math.max(1, this.#factor * factor));
    const ratio = next / this.#factor;
    const { left, top } = this.#box.getBoundingClientRect();
    const [x, y] = [center.clientX - left, center.clientY - top];
    const { scrollLeft, scrollTop } = this.#box;
    this.#factor = next;
    this.#canvas.style.width = `${100 * next}%`;
    this.#box.scrollTo((scrollLeft + x) * ratio - x, (scrollTop + y) * ratio - y);
  }

  reset(): void {
    this.by(1 / this.#factor);
  }

  /** Follows two fingers. */
  pinch(one: Finger, other: Finger): void {
    const now = {
      x: (one.clientX + other.clientX) / 2,
      y: (one.clientY + other.clientY) / 2,
      distance: Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY),
    };
    const before = this.#pinch;
    this.#pinch = now;
    if (!before) return;
    this.#box.scrollBy(before.x - now.x, before.y - now.y);
    this.by(now.distance / before.distance, { clientX: now.x, clientY: now.y });
  }

  endPinch(): void {
    this.#pinch = undefined;
  }

  #middle(): Finger {
    const { left, top, width, height } = this.#box.getBoundingClientRect();
    return { clientX: left + width / 2, clientY: top + height / 2 };
  }
}
