import { bind, bufferUsage, compute, computePipeline } from "./shader.ts";

/** The moving average of scores from frame to frame, as `ScoreSmoother` has it on the CPU. */
export class GpuScoreSmoother {
  readonly #device: GPUDevice;
  readonly #pipeline: GPUComputePipeline;
  #mean: GPUBuffer | undefined;

  private constructor(device: GPUDevice, pipeline: GPUComputePipeline) {
    this.#device = device;
    this.#pipeline = pipeline;
  }

  /** @param smoothing the share of the past, above 0 and below 1 */
  static async create(device: GPUDevice, smoothing: number): Promise<GpuScoreSmoother> {
    const code = /* wgsl */ `
@group(0) @binding(0) var<storage, read> scores: array<f32>;
@group(0) @binding(1) var<storage, read_write> mean: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.y * groups.x * 256u + id.x;
  if (at < arrayLength(&mean)) { mean[at] += f32(${1 - smoothing}) * (scores[at] - mean[at]); }
}
`;
    return new GpuScoreSmoother(device, await computePipeline(device, code));
  }

  /** @returns the mean up to and with these scores; written over by the next call */
  add(encoder: GPUCommandEncoder, scores: GPUBuffer, values: number): GPUBuffer {
    if (!this.#mean) {
      const usage = bufferUsage.storage | bufferUsage.copyDst;
      this.#mean = this.#device.createBuffer({ size: 4 * values, usage });
      encoder.copyBufferToBuffer(scores, 0, this.#mean, 0, 4 * values);
      return this.#mean;
    }
    const group = bind(this.#device, this.#pipeline, [{ buffer: scores }, { buffer: this.#mean }]);
    // A row of groups may be no longer than 65,535.
    const rows = Math.ceil(values / (256 * 4096));
    compute(encoder, this.#pipeline, { group, extent: [Math.ceil(values / rows), rows], threads: [256, 1] });
    return this.#mean;
  }

  /** Forgets the frames before. */
  reset(): void {
    this.#mean?.destroy();
    this.#mean = undefined;
  }
}
