/** A value at a step. */
export type Point = readonly [step: number, value: number];

/** The means of stretches of `length` points, each at the mean of its steps; the last may be shorter. */
export function averageStretches(points: readonly Point[], length: number): Point[] {
  const count = Math.ceil(points.length / length);
  return Array.from({ length: count }, (_, i): Point => {
    const stretch = points.slice(i * length, (i + 1) * length);
    return [mean(stretch.map(([step]) => step)), mean(stretch.map(([, value]) => value))];
  });
}

/**
 * At most `limit` of the points: lowest and highest of each of `limit / 2` stretches, so no spike is lost.
 *
 * @param limit at least 2
 */
export function downsample(points: readonly Point[], limit: number): readonly Point[] {
  if (points.length <= limit) return points;
  const stretches = Math.floor(limit / 2);
  const kept: Point[] = [];
  for (let i = 0; i < stretches; i++) {
    const start = Math.floor((i * points.length) / stretches);
    const stretch = points.slice(start, Math.floor(((i + 1) * points.length) / stretches));
    const byValue = stretch.toSorted((a, b) => a[1] - b[1]);
    const ends = [byValue[0], byValue.at(-1)].filter((point) => point !== undefined);
    kept.push(...ends.sort((a, b) => a[0] - b[0]));
  }
  return kept;
}

/** The runs of neighboring points that are all shown. */
export function splitAt(points: readonly Point[], isShown: (point: Point) => boolean): Point[][] {
  const segments: Point[][] = [];
  let open: Point[] | undefined;
  for (const point of points) {
    if (!isShown(point)) open = undefined;
    else if (open) open.push(point);
    else {
      open = [point];
      segments.push(open);
    }
  }
  return segments;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
