import type { Tensor } from "../graph/tensor.ts";
import { type ParameterOptions, parameter } from "../graph/tensor.ts";

/** How batch norm behaves: with its stored statistics, or with those of the batch (and the stored ones follow). */
export type BatchNormMode = "frozen" | "trained";

/** What the layers of one network share: its parameters and how it is to behave. */
interface Shared {
  readonly parameters: Map<string, Tensor>;
  /** New values of stored statistics after a training step, by parameter name. */
  readonly updates: Map<string, Tensor>;
  readonly batchNorm: BatchNormMode;
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

  #full(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }
}
