import type { Shape } from "../graph/shape.ts";
import { input, type ParameterOptions, parameter, type Tensor } from "../graph/tensor.ts";
import type { Block } from "./block.ts";

/** Batch norm by stored statistics, or by those of the batch, which also update the stored ones. */
export type BatchNormMode = "frozen" | "trained";

/** An input of the graph that each training step fills anew with random values. */
export interface RandomInput {
  /** uint8 for a rate, float32 without. */
  readonly tensor: Tensor;
  /** Values are 0 with this probability, else 1: a dropout mask. Without a rate they are uniform in 0..1. */
  readonly rate?: number;
}

/** How the layers of a network behave; by default as at inference. */
export interface LayerModes {
  /** Defaults to `"frozen"`. */
  readonly batchNorm?: BatchNormMode | undefined;
  /** Names of parameters that stay as they are: their batch norms are frozen whatever `batchNorm` says. */
  readonly frozen?: ReadonlySet<string> | undefined;
  /** Whether to drop values at random where the authors do, as in training. Defaults to false. */
  readonly dropout?: boolean | undefined;
  /** Whether to build the parts that only the loss reads, as in training. Defaults to false. */
  readonly auxiliary?: boolean | undefined;
}

/** What the layers of one network share. */
export interface Shared extends LayerModes {
  readonly parameters: Map<string, Tensor>;
  /** New values of stored statistics after a training step, by parameter name. */
  readonly updates: Map<string, Tensor>;
  /** By name of the input; stays empty at inference. */
  readonly randomInputs: Map<string, RandomInput>;
  /** Parts that the literature names, in the order of computation. */
  readonly blocks: Block[];
}

/** The outermost scope of a network, and what its layers will share. */
export function openScope(modes: LayerModes = {}): { scope: Scope; shared: Shared } {
  const shared: Shared = {
    parameters: new Map(),
    updates: new Map(),
    randomInputs: new Map(),
    blocks: [],
    ...modes,
  };
  return { scope: new Scope(shared), shared };
}

/**
 * Where a layer finds its parameters: a place in the tree of names.
 *
 * Names are the authors' PyTorch names (`layer4.0.output.1.0.weight`, `crp4.0.1_outvar_dimred.weight`), so
 * that checkpoints load as they are. This is the one place that puts them together.
 */
export class Scope {
  readonly #shared: Shared;
  readonly #path: string;

  constructor(shared: Shared, path = "") {
    this.#shared = shared;
    this.#path = path;
  }

  /** How a batch norm in this scope is to behave. */
  get batchNorm(): BatchNormMode {
    const { batchNorm = "frozen", frozen } = this.#shared;
    return frozen?.has(this.#full("running_mean")) ? "frozen" : batchNorm;
  }

  /** Whether to build parts that only the loss reads. */
  get auxiliary(): boolean {
    return this.#shared.auxiliary ?? false;
  }

  /** The scope named `name` inside this one. */
  at(name: string | number): Scope {
    return new Scope(this.#shared, this.#full(String(name)));
  }

  parameter(name: string, shape: readonly number[], options: ParameterOptions): Tensor {
    const full = this.#full(name);
    if (this.#shared.parameters.has(full)) throw new Error(`two layers are named ${full}`);
    const tensor = parameter(full, shape, options);
    this.#shared.parameters.set(full, tensor);
    return tensor;
  }

  /** Says that a part of the network is a block, of the name of this scope; returns its output. */
  block(
    kind: string,
    { inputs, output, repeats = 1 }: Pick<Block, "inputs" | "output"> & { repeats?: number },
  ): Tensor {
    // `.0` is the only part of an nn.Sequential: the block has the name of the whole.
    const name = this.#path.replace(/\.0$/, "");
    this.#shared.blocks.push({ kind, repeats, name, inputs, output });
    return output;
  }

  /** Says what a stored statistic becomes after a training step. */
  update(name: string, value: Tensor): void {
    this.#shared.updates.set(this.#full(name), value);
  }

  /** Asks for a dropout mask of this shape; undefined where nothing is to be dropped, as at inference. */
  dropoutMask(shape: Shape, rate: number): Tensor | undefined {
    return this.#shared.dropout ? this.#randomInput(shape, rate) : undefined;
  }

  /** Asks for numbers that each training step draws from 0..1. */
  uniformNumbers(shape: Shape): Tensor {
    return this.#randomInput(shape);
  }

  #randomInput(shape: Shape, rate?: number): Tensor {
    const { randomInputs } = this.#shared;
    const name = `random:${randomInputs.size}`;
    const tensor = input(name, shape, rate === undefined ? "float32" : "uint8");
    randomInputs.set(name, { tensor, ...(rate !== undefined && { rate }) });
    return tensor;
  }

  #full(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }
}
