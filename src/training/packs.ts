/**
 * Packs: many small tensors as one vector. A step then updates all of them by a few large operations, and
 * carries a few values from step to step instead of hundreds.
 */
import { pack, unpack } from "../graph/ops/pack.ts";
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

/** Vectors are as long as a multiple of this: sums over them are then taken in rows. */
export const PACK_ROW = 1024;

/** A pack of the tensors, in this order, fed as an input. */
export function makePack(name: string, tensors: ReadonlyMap<string, Tensor>): Pack {
  let end = 0;
  const members = [...tensors].map(([member, { shape }]): Member => {
    const offset = end;
    const fixed = fixedShape("makePack", shape);
    end += countValues(fixed);
    return { name: member, shape: fixed, offset };
  });
  return { name, tensor: input(name, [Math.ceil(end / PACK_ROW) * PACK_ROW]), members };
}

/** Other tensors of the members' shapes, in their order, as one vector. */
export function packLike({ tensor }: Pack, tensors: readonly Tensor[]): Tensor {
  const [size = 0] = fixedShape("packLike", tensor.shape);
  return pack(tensors, size);
}

/** Each member of a vector, by its name. */
export function unpackMembers(vector: Tensor, members: readonly Member[]): Map<string, Tensor> {
  return new Map(members.map(({ name, ...place }) => [name, unpack(vector, place)]));
}
