import { countCost } from "./cost.ts";

/** A published number beside the one computed from the graph. */
export interface Comparison {
  readonly published: number;
  readonly ours: number;
  /** Whether ours, rounded to the digits that were printed, is the published one. */
  readonly agrees: boolean;
}

/** @param published the number as it is printed, e.g. `14.0` */
export function compare(published: string, ours: number): Comparison {
  const digits = published.split(".")[1]?.length ?? 0;
  return { published: Number(published), ours, agrees: ours.toFixed(digits) === published };
}

/** Light-Weight RefineNet (Nekrasov, Shen, Reid, BMVC 2018), as printed. What is left out was not printed. */
interface PublishedRow {
  readonly table: 1 | 2 | 3;
  readonly network: string;
  /** Millions. */
  readonly parameters?: number;
  /** Billions, under the name FLOPs. */
  readonly flops?: number;
  /** Milliseconds of a forward pass, mean and standard deviation. */
  readonly runtime?: readonly [mean: number, deviation: number];
}

const published: readonly PublishedRow[] = [
  { table: 1, network: "refinenet-101", parameters: 118, flops: 263 },
  { table: 1, network: "refinenet-lw-rcu-101", parameters: 54, flops: 76 },
  { table: 1, network: "refinenet-lw-101", parameters: 46, flops: 52 },
  { table: 2, network: "refinenet-50", parameters: 99, runtime: [54.18, 0.46] },
  { table: 2, network: "refinenet-101", parameters: 118, runtime: [60.25, 0.53] },
  { table: 2, network: "refinenet-152", parameters: 134, runtime: [69.37, 0.78] },
  { table: 2, network: "refinenet-lw-50", parameters: 27, runtime: [19.56, 0.29] },
  { table: 2, network: "refinenet-lw-101", parameters: 46, runtime: [27.16, 0.19] },
  { table: 2, network: "refinenet-lw-152", parameters: 62, runtime: [35.82, 0.23] },
  { table: 3, network: "refinenet-101", flops: 263 },
  { table: 3, network: "refinenet-152", flops: 283 },
  { table: 3, network: "refinenet-lw-50", flops: 33 },
  { table: 3, network: "refinenet-lw-101", flops: 52 },
  { table: 3, network: "refinenet-lw-152", flops: 71 },
  { table: 3, network: "refinenet-lw-mobilenet-v2", flops: 9.3 },
  { table: 3, network: "refinenet-lw-nasnet-mobile", flops: 11.4 },
];

/** Input and device of the published runtimes (Table 2 and Sec. 4). */
export const publishedRuntime = {
  size: [625, 468],
  runs: 100,
  device: "GTX 1080 Ti, CUDA 9.0, cuDNN 7.0",
} as const;

/** Input that Tables 1 and 3 hold for, and the classes of PASCAL VOC. */
export const paperConditions = { size: [512, 512], classes: 21 } as const;

export interface PaperRow {
  readonly table: 1 | 2 | 3;
  readonly network: string;
  /** Millions. */
  readonly parameters?: Comparison;
  /** Billions, by the rule below. */
  readonly operations?: Comparison & {
    /** Multiply-accumulates of convolutions alone, billions. */
    readonly macs: number;
  };
  readonly runtime?: readonly [mean: number, deviation: number];
}

/**
 * The rule by which the paper's "FLOPs" come out for all ResNets: multiply-accumulates of convolutions, plus
 * the values in pooling windows. It was found by comparison; the paper states none.
 */
export const countingRule = "multiply-accumulates of convolutions + values in pooling windows";

/** Tables 1, 2 and 3 of the paper beside what the graphs give. */
export function comparePaper(): PaperRow[] {
  const costs = new Map<string, ReturnType<typeof countCost>>();
  const costOf = (network: string) => {
    const cost = costs.get(network) ?? countCost({ network, ...paperConditions });
    costs.set(network, cost);
    return cost;
  };
  return published.map(({ table, network, parameters, flops, runtime }) => {
    const cost = costOf(network);
    const macs = cost.macs.total / 1e9;
    return {
      table,
      network,
      ...(parameters !== undefined && {
        parameters: compare(String(parameters), cost.parameters.total / 1e6),
      }),
      ...(flops !== undefined && {
        operations: { ...compare(String(flops), macs + cost.pooled / 1e9), macs },
      }),
      ...(runtime && { runtime }),
    };
  });
}
