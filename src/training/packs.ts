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

/** What is updated at once: a tensor, or a pack of those of one kind. */
export interface Gathered<T> extends Pack {
  /** Stands for the others of its kind. */
  readonly first: T;
  /** A tensor of each entry, in the form of the pack. */
  join(tensorOf: (entry: T) => Tensor): Tensor;
}

/** Tensors as they are updated: each alone, or packed with those of its kind. */
export function gather<T extends { readonly name: string; readonly tensor: Tensor }>(
  entries: readonly T[],
  packed: boolean,
  kindOf: (entry: T) => string,
): Gathered<T>[] {
  if (!packed)
    return entries.map((entry): Gathered<T> => ({ ...alone(entry), first: entry, join: (of) => of(entry) }));
  const kinds = new Map<string, T[]>();
  for (const entry of entries) kinds.set(kindOf(entry), [...(kinds.get(kindOf(entry)) ?? []), entry]);
  const runs = [...kinds].flatMap(([kind, all]) =>
    divideForPacks(all).map((run, index) => ({ name: `pack:${kind}${index > 0 ? `:${index}` : ""}`, run })),
  );
  return runs.flatMap(({ name, run }) => {
    const own = makePack(name, new Map(run.map(({ name, tensor }) => [name, tensor])));
    return run.slice(0, 1).map((first): Gathered<T> => ({ ...own, first, join: (of) => pack(run.map(of)) }));
  });
}

function alone({ name, tensor }: { readonly name: string; readonly tensor: Tensor }): Pack {
  const shape = fixedShape("buildTrainingStep", tensor.shape);
  return { name, tensor, members: [{ name, shape, offset: 0 }] };
}

/** The members of a pack under other names. */
export function renamed(members: readonly Member[], rename: (name: string) => string): Member[] {
  return members.map((member) => ({ ...member, name: rename(member.name) }));
}
