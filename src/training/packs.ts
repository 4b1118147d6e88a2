/**
 * Packs: many small tensors as one vector. A step then updates all of them by a few large operations, and
 * carries a few values from step to step instead of hundreds.
 */
import { unpack } from "../graph/ops/pack.ts";
import { countValues, fixedShape } from "../graph/shape.ts";
import { input, type Tensor } from "../graph/tensor.ts";

/** A tensor that lies in a pack. */
export interface Member {
  readonly name: string;
  readonly shape: readonly number[];
  /** Where its values begin. */
  readonly offset: number;
}

export interface Pack {
  /** Of the input that holds it. */
  readonly name: string;
  /** `[size]` */
  readonly tensor: Tensor;
  readonly members: readonly Member[];
}

/** Float32 values of a pack at most: 128 MiB, the largest binding that every WebGPU device has. */
const MOST_VALUES = 2 ** 25;

/**
 * Divides tensors, in their order, into runs that packs can hold; a tensor too large for that is one alone.
 *
 * @param most values of a run
 */
export function divideForPacks<T extends { readonly tensor: Tensor }>(
  entries: readonly T[],
  most = MOST_VALUES,
): T[][] {
  const runs: T[][] = [];
  let free = 0;
  for (const entry of entries) {
    const size = countValues(fixedShape("divideForPacks", entry.tensor.shape));
    const last = runs.at(-1);
    if (last && size <= free) last.push(entry);
    else runs.push([entry]);
    free = (last && size <= free ? free : most) - size;
  }
  return runs;
}

/** A pack of the tensors, in this order, fed as an input. */
export function makePack(name: string, tensors: ReadonlyMap<string, Tensor>): Pack {
  let end = 0;
  const members = [...tensors].map(([member, { shape }]): Member => {
    const offset = end;
    const fixed = fixedShape("makePack", shape);
    end += countValues(fixed);
    return { name: member, shape: fixed, offset };
  });
  return { name, tensor: input(name, [end]), members };
}

/** Each member of a vector, by its name. */
export function unpackMembers(vector: Tensor, members: readonly Member[]): Map<string, Tensor> {
  return new Map(members.map(({ name, ...place }) => [name, unpack(vector, place)]));
}
