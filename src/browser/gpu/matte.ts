import { SHARPNESS } from "../painting/matte.ts";
import type { GpuScores } from "./choose-labels.ts";
import { bind, bufferUsage, compute, computePipeline, createScratch } from "./shader.ts";

const MATTE = /* wgsl */ `
@group(0) @binding(0) var<storage, read> scores: array<f32>;
@group(0) @binding(1) var matte: texture_storage_2d<rgba8unorm, write>;
/** Four classes a vector, as uniforms need it. */
@group(0) @binding(2) var<uniform> strengths: array<vec4f, 64>;
/** The number of classes. */
@group(0) @binding(3) var<uniform> classes: u32;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let size = textureDimensions(matte);
  if (any(id.xy >= size)) { return; }
  let places = size.x * size.y;
  let place = id.y * size.x + id.x;
  var highest = scores[place];
  for (var c = 1u; c < classes; c++) { highest = max(highest, scores[c * places + place]); }
  var sum = 0.0;
  var chosen = 0.0;
  for (var c = 0u; c < classes; c++) {
    let power = exp(f32(${SHARPNESS}) * (scores[c * places + place] - highest));
    sum += power;
    chosen += strengths[c / 4u][c % 4u] * power;
  }
  textureStore(matte, id.xy, vec4f(chosen / sum));
}
`;

/** `computeMatte` on the GPU. */
export class GpuMatte {
  readonly #device: GPUDevice;
  readonly #pipeline: GPUComputePipeline;
  readonly #strengths: GPUBuffer;
  readonly #classes: GPUBuffer;
  #texture: GPUTexture;

  private constructor(device: GPUDevice, pipeline: GPUComputePipeline) {
    this.#device = device;
    this.#pipeline = pipeline;
    const usage = bufferUsage.uniform | bufferUsage.copyDst;
    this.#strengths = device.createBuffer({ size: 4 * 256, usage });
    this.#classes = device.createBuffer({ size: 16, usage });
    this.#texture = createScratch(device, 1, 1);
  }

  static async create(device: GPUDevice): Promise<GpuMatte> {
    return new GpuMatte(device, await computePipeline(device, MATTE));
  }

  /** What was computed last. */
  get texture(): GPUTexture {
    return this.#texture;
  }

  /** @returns a texture of the scores' size; written over by the next call */
  compute(encoder: GPUCommandEncoder, scores: GpuScores, strengths: readonly number[]): GPUTexture {
    const { buffer, classes, width, height } = scores;
    if (this.#texture.width !== width || this.#texture.height !== height) {
      this.#texture.destroy();
      this.#texture = createScratch(this.#device, width, height);
    }
    this.#device.queue.writeBuffer(this.#strengths, 0, Float32Array.from(strengths));
    this.#device.queue.writeBuffer(this.#classes, 0, Uint32Array.of(classes));
    const group = bind(this.#device, this.#pipeline, [
      { buffer },
      this.#texture.createView(),
      { buffer: this.#strengths },
      { buffer: this.#classes },
    ]);
    compute(encoder, this.#pipeline, { group, extent: [width, height], threads: [8, 8] });
    return this.#texture;
  }

  dispose(): void {
    for (const resource of [this.#texture, this.#strengths, this.#classes]) resource.destroy();
  }
}
