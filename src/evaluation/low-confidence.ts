/** Share of the measured photos that would get a hint: see `bench/confidence.ts`. */
const FALSE_ALARMS = 0.03;

/**
 * The mean confidence under which `lightseg segment` gives a hint: 3 % of the photos that were measured are
 * under it.
 *
 * @param confidences mean confidence of each photo, 0..1, see `meanConfidence`; undefined where all is
 *   background
 * @returns 0..1, to four digits; undefined without confidences
 */
export function chooseLowConfidence(confidences: readonly (number | undefined)[]): number | undefined {
  const known = confidences.filter((value) => value !== undefined).sort((a, b) => a - b);
  const found = known[Math.floor(FALSE_ALARMS * known.length)];
  return found === undefined ? undefined : Number(found.toFixed(4));
}
