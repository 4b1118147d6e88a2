import pc from "picocolors";
import { type ErrorCode, LightsegError, messageOf } from "../errors.ts";
import { percent } from "../percent.ts";

/** Colors for standard output; none where it is no terminal. */
export const colors = pc.createColors(pc.isColorSupported && process.stdout.isTTY === true);

const errorColors = pc.createColors(pc.isColorSupported && process.stderr.isTTY === true);

/** Writes a line for people to standard error. */
export function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Writes `lightseg VERB: what went wrong` to standard error. */
export function logError(verb: string, message: string): void {
  log(`${errorColors.red(`lightseg ${verb}`.trimEnd())}: ${message}`);
}

/** Names and what they stand for, both aligned left. */
export function formatList(rows: readonly (readonly [name: string, value: string])[], indent = ""): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${indent}${name.padEnd(width)}  ${value}`).join("\n");
}

/** A count with thousands apart: `3,283,712`. */
export function formatCount(count: number): string {
  return count.toLocaleString("en");
}

/** A share as `percent` writes it; `-` for one that does not exist. */
export function formatShare(share: number | null | undefined): string {
  return share === null || share === undefined ? "-" : percent(share);
}

/** Bytes as `812 B`, `3.1 kB`, `48.0 MB` or `1.20 GB` (powers of 1000). */
export function formatBytes(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** Seconds as `42 s`, `4 min 10 s` or `2 h 13 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** What went wrong as one line and as a code. */
export function describeError(error: unknown): { code: ErrorCode | "INTERNAL"; message: string } {
  if (!(error instanceof LightsegError))
    return { code: "INTERNAL", message: `unexpected error: ${oneLine(messageOf(error))}` };
  // The name of a library function says nothing to those who typed a command.
  const { where } = error.details;
  return { code: error.code, message: oneLine(error.message.slice(`${where}: `.length)) };
}

function oneLine(message: string): string {
  return message.replaceAll(/\s+/g, " ").trim();
}
