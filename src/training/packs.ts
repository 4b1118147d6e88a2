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
