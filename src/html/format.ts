import { percent } from "../percent.ts";

/** A number for people: `9,000`, `0.0125`, `3e-5`, `2e6`. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6))
    return Number(value.toPrecision(3)).toExponential().replace("+", "");
  return value.toLocaleString("en", { maximumSignificantDigits: 6 });
}

/** A whole number for people: `1,437,443`. */
export function formatCount(value: number): string {
  return value.toLocaleString("en");
}

/** A share as `percent` writes it, with 1 decimal unless told otherwise; `–` for undefined. */
export function formatPercent(share: number | null | undefined, digits = 1): string {
  return share === null || share === undefined ? "–" : percent(share, digits);
}

/** Seconds as `42 s`, `4 min` or `2 h 13 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A moment as `2026-11-21 09:33 UTC`. */
export function formatMoment(moment: Date): string {
  return `${moment.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
