/** A parameter as stored: its shape and its values in row-major order, always float32 in memory. */
export interface WeightTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
  /** Whether the file holds whole numbers, as counters are, and weights that were quantized. */
  readonly isInteger?: true;
}

/** Parameters by name, in the order of the file. Names are the authors' PyTorch names. */
export type Weights = Map<string, WeightTensor>;
