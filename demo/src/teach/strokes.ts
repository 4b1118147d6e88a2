/** The label of pixels that are not painted. */
export const UNPAINTED = 255;

/** A place on a picture, in its pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A rectangle of pixels; `right` and `bottom` are exclusive. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** What a stroke has changed. */
interface Change {
  readonly region: Region;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/** Undone further back, strokes would fill the memory. */
const MOST_CHANGES = 100;

/** The label map of a picture, painted in strokes that can be undone. */
export class Strokes {
  readonly width: number;
  readonly height: number;
  /** The class of each pixel, or `UNPAINTED`, row-major. */
  readonly labels: Uint8Array;
  readonly #done: Change[] = [];
  readonly #undone: Change[] = [];
  /** The stroke that is being painted. */
  #current: { readonly before: Uint8Array; region: Region | undefined } | undefined;

  constructor(width: number, height: number, labels?: Uint8Array) {
    this.width = width;
    this.height = height;
    this.labels = labels ?? new Uint8Array(width * height).fill(UNPAINTED);
  }

  get canUndo(): boolean {
    return this.#done.length > 0;
  }

  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  begin(): void {
    this.end();
    this.#current = { before: this.labels.slice(), region: undefined };
  }

  /** Paints from one point to another with a round brush. @returns what may have changed */
  paint(from: Point, to: Point, { radius, label }: { radius: number; label: number }): Region | undefined {
    const current = this.#current;
    if (!current) return undefined;
    const region = this.#clip({
      left: Math.floor(Math.min(from.x, to.x) - radius),
      top: Math.floor(Math.min(from.y, to.y) - radius),
      right: Math.ceil(Math.max(from.x, to.x) + radius) + 1,
      bottom: Math.ceil(Math.max(from.y, to.y) + radius) + 1,
    });
    if (!region) return undefined;
    const { left, top, right, bottom } = region;
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        if (distanceTo({ x, y }, from, to) <= radius) this.labels[y * this.width + x] = label;
      }
    }
    current.region = union(current.region, region);
    return region;
  }

  /** Ends the stroke, which can be undone from then on. @returns whether there was one */
  end(): boolean {
    const current = this.#current;
    this.#current = undefined;
    if (!current?.region) return false;
    const { region, before } = current;
    this.#done.push({ region, before: this.#cut(before, region), after: this.#cut(this.labels, region) });
    if (this.#done.length > MOST_CHANGES) this.#done.shift();
    this.#undone.length = 0;
    return true;
  }

  /** Gives up the stroke that is being painted. @returns what has changed */
  cancel(): Region | undefined {
    const current = this.#current;
    this.#current = undefined;
    if (current?.region) this.#put(current.region, this.#cut(current.before, current.region));
    return current?.region;
  }

  undo(): Region | undefined {
    const change = this.#done.pop();
    if (!change) return undefined;
    this.#undone.push(change);
    this.#put(change.region, change.before);
    return change.region;
  }

  redo(): Region | undefined {
    const change = this.#undone.pop();
    if (!change) return undefined;
    this.#done.push(change);
    this.#put(change.region, change.after);
    return change.region;
  }

  /** Takes a class away; later ones move up. What was painted before can then not be undone. */
  removeClass(label: number): void {
    this.end();
    this.#done.length = 0;
    this.#undone.length = 0;
    for (const [at, value] of this.labels.entries()) {
      if (value === label) this.labels[at] = UNPAINTED;
      else if (value > label && value !== UNPAINTED) this.labels[at] = value - 1;
    }
  }

  #clip({ left, top, right, bottom }: Region): Region | undefined {
    const clipped = {
      left: Math.max(0, left),
      top: Math.max(0, top),
      right: Math.min(this.width, right),
      bottom: Math.min(this.height, bottom),
    };
    return clipped.left < clipped.right && clipped.top < clipped.bottom ? clipped : undefined;
  }

  #cut(labels: Uint8Array, { left, top, right, bottom }: Region): Uint8Array {
    const columns = right - left;
    const part = new Uint8Array(columns * (bottom - top));
    for (let y = top; y < bottom; y++)
      part.set(labels.subarray(y * this.width + left, y * this.width + right), (y - top) * columns);
    return part;
  }

  #put({ left, top, right, bottom }: Region, part: Uint8Array): void {
    const columns = right - left;
    for (let y = top; y < bottom; y++)
      this.labels.set(part.subarray((y - top) * columns, (y - top + 1) * columns), y * this.width + left);
  }
}

function union(a: Region | undefined, b: Region): Region {
  if (!a) return b;
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  };
}

/** The distance of a point to the line between two others. */
function distanceTo({ x, y }: Point, from: Point, to: Point): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const squared = dx * dx + dy * dy;
  const along = squared === 0 ? 0 : ((x - from.x) * dx + (y - from.y) * dy) / squared;
  const share = Math.min(1, Math.max(0, along));
  return Math.hypot(x - from.x - share * dx, y - from.y - share * dy);
}
