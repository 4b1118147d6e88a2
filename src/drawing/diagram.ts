import { findLayers, type Layer } from "../analysis/layers.ts";
import { fixedShape } from "../graph/shape.ts";
import { collect, type Tensor } from "../graph/tensor.ts";
import { type Block, membersOf, readBy, readInputs } from "../models/block.ts";
import type { Network } from "../models/network.ts";

/** A box of a diagram: a block, or a layer that lies in none. */
export interface DiagramNode {
  /** What it is, e.g. `3 × bottleneck` or `convolution 3x3`, and what follows, e.g. `relu`. */
  readonly title: string;
  /** Where its parameters lie; empty where it has none. */
  readonly name: string;
  /** Boxes of one kind are drawn in one color; undefined for inputs, and for layers outside blocks. */
  readonly kind: string | undefined;
  /** Of the map that it gives: channels, height, width. */
  readonly shape: readonly number[];
  readonly parameters: number;
  /** Multiply-accumulates. */
  readonly macs: number;
}

/** A network, or a block of it, folded into boxes. */
export interface Diagram {
  readonly nodes: readonly DiagramNode[];
  /** Pairs of positions in `nodes`, in the direction of the computation. */
  readonly edges: readonly (readonly [from: number, to: number])[];
}

/** A box that is being filled. */
interface Draft {
  title: string;
  readonly name: string;
  readonly kind: string | undefined;
  output: Tensor;
  parameters: number;
  macs: number;
}

/**
 * Folds a network that was built for a fixed size: each block becomes a box, and so does each layer outside
 * them. An op on one map that has neither parameters nor settings, such as an activation, joins the box that
 * the map comes from, if nothing else reads the map.
 *
 * @param block a block to unfold: its layers alone are drawn, with its inputs
 */
export function foldNetwork(network: Network, { block }: { block?: Block | undefined } = {}): Diagram {
  const layers = findLayers(network);
  const drawn = block ? membersOf(block) : collect([network.scores]);
  const sources = new Set(block ? readInputs(block) : [network.image]);
  const maps = new Set(sources);
  for (const tensor of drawn) if (readMaps(tensor, maps).length > 0) maps.add(tensor);
  const blockOf = new Map<Tensor, Block>();
  if (!block)
    for (const each of network.blocks) for (const tensor of membersOf(each)) blockOf.set(tensor, each);

  const computed = drawn.filter((tensor) => maps.has(tensor) && !sources.has(tensor));
  const readers = countReaders(computed, maps);
  const drafts = new Map<Tensor | Block, Draft>();
  const boxes = new Map<Tensor, Draft>();
  for (const source of sources) boxes.set(source, sourceBox(source, network));
  for (const tensor of computed) {
    const owner = blockOf.get(tensor) ?? tensor;
    const [x, ...others] = readMaps(tensor, maps);
    const before = x && others.length === 0 && readers.get(x) === 1 ? boxes.get(x) : undefined;
    const layer = layers.get(tensor);
    let box = drafts.get(owner);
    if (!box && before && !layer && owner === tensor && x && !sources.has(x)) {
      box = before;
      box.title += `, ${words(tensor.op)}`;
    }
    box ??= newBox(owner, tensor, { layer, isUnfolded: block !== undefined });
    box.output = tensor;
    // Weights that are reshaped first are a layer of their own, which computes no map.
    for (const each of [tensor, ...tensor.inputs.filter((input) => !maps.has(input))]) {
      box.parameters += layers.get(each)?.parameters ?? 0;
      box.macs += layers.get(each)?.macs ?? 0;
    }
    drafts.set(owner, box);
    boxes.set(tensor, box);
  }
  return finish(boxes, { computed, maps });
}

/** The maps whose values a tensor is computed from; one that gives its size alone is none. */
function readMaps(tensor: Tensor, maps: ReadonlySet<Tensor>): Tensor[] {
  return readBy(tensor).filter((input) => maps.has(input));
}

function countReaders(tensors: readonly Tensor[], maps: ReadonlySet<Tensor>): Map<Tensor, number> {
  const readers = new Map<Tensor, number>();
  for (const tensor of tensors)
    for (const input of new Set(readMaps(tensor, maps))) readers.set(input, (readers.get(input) ?? 0) + 1);
  return readers;
}

function sourceBox(tensor: Tensor, { image }: Network): Draft {
  const title = tensor === image ? "photo" : "input";
  return { title, name: "", kind: undefined, output: tensor, parameters: 0, macs: 0 };
}

/** The kind of a block, and how often it follows itself, e.g. `3 × bottleneck`. */
export function describeBlock({ kind, repeats }: Block): string {
  return repeats > 1 ? `${repeats} × ${kind}` : kind;
}

function newBox(
  owner: Tensor | Block,
  output: Tensor,
  { layer, isUnfolded }: { layer: Layer | undefined; isUnfolded: boolean },
): Draft {
  const counts = { output, parameters: 0, macs: 0 };
  if ("repeats" in owner) {
    const { kind, name } = owner;
    return { title: describeBlock(owner), name, kind, ...counts };
  }
  const title = `${words(output.op)} ${layer?.detail ?? ""}`.trimEnd();
  return { title, name: layer?.name ?? "", kind: isUnfolded ? output.op : undefined, ...counts };
}

function finish(
  boxes: ReadonlyMap<Tensor, Draft>,
  { computed, maps }: { computed: readonly Tensor[]; maps: ReadonlySet<Tensor> },
): Diagram {
  const drafts = [...new Set(boxes.values())];
  const positions = new Map(drafts.map((draft, index) => [draft, index]));
  const edges = new Map<string, readonly [number, number]>();
  const positionOf = (tensor: Tensor) => positions.get(boxes.get(tensor) ?? missingBox(tensor)) ?? 0;
  for (const tensor of computed)
    for (const input of readMaps(tensor, maps)) {
      const edge = [positionOf(input), positionOf(tensor)] as const;
      if (edge[0] !== edge[1]) edges.set(String(edge), edge);
    }
  const nodes = drafts.map(({ output, ...rest }) => ({
    ...rest,
    shape: fixedShape("foldNetwork", output.shape).slice(1),
  }));
  return { nodes, edges: [...edges.values()] };
}

function missingBox({ op }: Tensor): never {
  throw new Error(`no box for ${op}`);
}

/** The name of an op as people write it: `maxPool` is `max pool`. */
function words(op: string): string {
  return op.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
