import { countValues, fixedShape, type Shape } from "../graph/shape.ts";
import { collect, isTrainable, type Tensor } from "../graph/tensor.ts";
import { buildNetwork } from "../models/network.ts";
import { type Comparison, compare } from "./paper.ts";

/** A network of another paper, at the size of Cityscapes. */
export interface RelativeRow {
  readonly network: string;
  readonly source: string;
  /** Thousands or millions as printed, here as a plain number; with auxiliary heads. */
  readonly parameters?: Comparison;
  /** Billions. */
  readonly operations: Comparison & { readonly macs: number };
  /** How the published operations are counted. */
  readonly rule: string;
}

/** Input and classes that the numbers of `compareRelatives` hold for. */
export const cityscapesConditions = { size: [1024, 2048], classes: 19 } as const;

const ndnetRule = "2 x (MACs + 2 a value of batch norm + 1 a value of ReLU or into pooling)";
const macsRule = "MACs of convolutions and matrix products";

const relatives = [
  { network: "ndnet45-fcn32", parameters: 420_190, flops: "4.2", source: "NDNet (T-ITS)" },
  { network: "ndnet61-fcn32", parameters: 323_334, flops: "3.4", source: "NDNet, authors' code" },
  { network: "ndnet29-fcn32", parameters: 550_422, flops: "5.7", source: "NDNet, authors' code" },
  { network: "ndnet29w-fcn32", parameters: 3_457_182, flops: "34.8", source: "NDNet, authors' code" },
  { network: "ndnet45", parameters: 502_622, flops: "14.0", source: "NDNet (T-ITS)" },
  { network: "frm-van-b0", flops: "214.82", source: "FRM (ICIP 2023)" },
] as const;

/** NDNet's and FRM's published costs beside what the graphs give. */
export function compareRelatives(): RelativeRow[] {
  const { size, classes } = cityscapesConditions;
  return relatives.map((row) => {
    const { network, flops, source } = row;
    const { scores, auxiliary, parameters } = buildNetwork({
      network,
      classes,
      size: [1, ...size],
      auxiliary: true,
    });
    const macs = collect([scores]).reduce((sum, tensor) => sum + tensor.macs(), 0) / 1e9;
    const isNdnet = "parameters" in row;
    const trained = [...parameters.values()]
      .filter(isTrainable)
      .reduce((sum, { shape }) => sum + valuesOf(shape), 0);
    return {
      network,
      source,
      ...(isNdnet && auxiliary.length > 0 && { parameters: compare(String(row.parameters), trained) }),
      operations: { ...compare(flops, isNdnet ? 2 * countLikeNdnet(scores) : macs), macs },
      rule: isNdnet ? ndnetRule : macsRule,
    };
  });
}

/** Billions of operations by the counter of NDNet's authors. It gives all their printed digits. */
function countLikeNdnet(scores: Tensor): number {
  const count = (sum: number, tensor: Tensor) => sum + tensor.macs() + tensor.otherOperations();
  return collect([scores]).reduce(count, 0) / 1e9;
}

function valuesOf(shape: Shape): number {
  return countValues(fixedShape("compareRelatives", shape));
}
