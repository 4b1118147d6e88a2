/** What `cpu.ts` asks of `cpu-case.ts`, and what it is told. */
import type { Timing } from "../src/inference/segmenter.ts";

export const variants = [
  "plain",
  "fp32",
  "int8",
  "end-to-end-int8",
  "pytorch-eager",
  "pytorch-frozen",
] as const;

export type Variant = (typeof variants)[number];

export interface Case {
  readonly network: string;
  readonly size: number;
  readonly batch: number;
  readonly variants: readonly Variant[];
  readonly threads: number;
  readonly warmup: number;
  readonly runs: number;
}

export interface CaseResult {
  /** Milliseconds of each run. */
  readonly times: Readonly<Partial<Record<Variant, readonly number[]>>>;
  /** Of each end-to-end run. */
  readonly splits: readonly Timing[];
  /** The most memory that the process held, in bytes. */
  readonly peakBytes: number;
  readonly pytorch: string | null;
}
