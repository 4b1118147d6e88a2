import type { Shape } from "../graph/shape.ts";
import { input, type ParameterOptions, parameter, type Tensor } from "../graph/tensor.ts";

/** How batch norm behaves: with its stored statistics, or with those of the batch (and the stored ones follow). */
export type BatchNormMode = "frozen" | "trained";

/** A mask that each training step draws anew: which values of a feature map stay. */
export interface DropoutMask {
  /** The input of the graph that takes it: uint8, 1 for a value that stays and 0 for others. */
  readonly kept: Tensor;
  /** Share of the values that are dropped, 0..1. */
  readonly rate: number;
}

/** What the layers of one network share: its parameters and how it is to behave. */
export interface Shared {
  readonly parameters: Map<string, Tensor>;
  /** New values of stored statistics after a training step, by parameter name. */
  readonly updates: Map<string, Tensor>;
  /** By name of the input; stays empty where nothing is to be dropped. */
  readonly masks: Map<string, DropoutMask>;
  readonly batchNorm: BatchNormMode;
  /** Whether values are dropped, as in training. */
  readonly dropout: boolean;
}

/**
 * Where a layer finds its parameters: a place in the tree of names.
 *
 * Names are the authors' PyTorch names (`layer4.0.output.1.0.weight`, `crp4.0.1_outvar_dimred.weight`), so that
 * checkpoints load as they are. This is the one place that puts them together.
 */
export class Scope {
  readonly #shared: Shared;
  readonly #path: string;

  constructor(shared: Shared, path = "") {
    this.#shared = shared;
    this.#path = path;
  }

  get batchNorm(): BatchNormMode {
    return this.#shared.batchNorm;
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

  /** Says what a stored statistic becomes after a training step. */
  update(name: string, value: Tensor): void {
    this.#shared.updates.set(this.#full(name), value);
  }

  /** Asks for a dropout mask of this shape; undefined where nothing is to be dropped, as at inference. */
  dropoutMask(shape: Shape, rate: number): Tensor | undefined {
    const { dropout, masks } = this.#shared;
    if (!dropout) return undefined;
    const name = `kept:${masks.size}`;
    const kept = input(name, shape, "uint8");
    masks.set(name, { kept, rate });
    return kept;
  }

  #full(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }
}
