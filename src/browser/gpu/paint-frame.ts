import type { Palette } from "../../images/types.ts";
import type { Model } from "../../model-files/model.ts";
import { blurRadius, hasSoftEdges, type Look, strengthsOf } from "../painting/look.ts";
import type { GpuScores } from "./choose-labels.ts";
import { GpuMatte } from "./matte.ts";
import {
  bind,
  bufferUsage,
  compute,
  computePipeline,
  createScratch,
  draw,
  renderPipeline,
} from "./shader.ts";

/**
 * `classes`: color, 0..1, and strength of each label; `before`: pixels from the left that show the frame as
 * it is; `soft`: whether edges are soft.
 */
const SETTINGS = /* wgsl */ `
struct Settings {
  classes: array<vec4f, 256>,
  effect: u32,
  before: f32,
  cell: u32,
  soft: u32,
}
`;
const SETTINGS_BYTES = 16 * 256 + 16;
const effects = ["overlay", "blur", "cutout"] as const;

/**
 * Blurred is a tent over neighbouring cells, which the sampler has made smooth between them. The matte lies
 * on the frame as scores do, see choose-labels.ts; the sampler repeats its border.
 */
function paintShader(alignCorners: boolean): string {
  const place = alignCorners
    ? "(pixel * (inSize - 1.0) / max(outSize - 1.0, vec2f(1.0)) + 0.5) / inSize"
    : "(pixel + 0.5) / outSize";
  return /* wgsl */ `${SETTINGS}
@group(0) @binding(0) var frame: texture_2d<f32>;
@group(0) @binding(1) var labels: texture_2d<u32>;
@group(0) @binding(2) var coarse: texture_2d<f32>;
@group(0) @binding(3) var matte: texture_2d<f32>;
@group(0) @binding(4) var linear: sampler;
@group(0) @binding(5) var<uniform> settings: Settings;

fn sureness(pixel: vec2f) -> f32 {
  let inSize = vec2f(textureDimensions(matte));
  let outSize = vec2f(textureDimensions(frame));
  let place = ${place};
  return textureSampleLevel(matte, linear, place, 0.0).r;
}

fn blurred(at: vec2f) -> vec3f {
  let texel = 1.0 / vec2f(textureDimensions(coarse));
  let place = at / (f32(settings.cell) * vec2f(textureDimensions(coarse)));
  var sum = vec3f(0.0);
  for (var y = -1; y <= 1; y++) {
    for (var x = -1; x <= 1; x++) {
      let weight = f32((2 - abs(x)) * (2 - abs(y))) / 16.0;
      sum += weight * textureSampleLevel(coarse, linear, place + vec2f(f32(x), f32(y)) * texel, 0.0).rgb;
    }
  }
  return sum;
}

@fragment fn pixel(@builtin(position) at: vec4f) -> @location(0) vec4f {
  let place = vec2u(at.xy);
  let plain = textureLoad(frame, place, 0).rgb;
  let style = settings.classes[textureLoad(labels, place, 0).r];
  if (at.x < settings.before) { return vec4f(plain, 1.0); }
  let chosen = select(style.a, sureness(floor(at.xy)), settings.soft == 1u);
  if (settings.effect == 1u) { return vec4f(mix(blurred(at.xy), plain, chosen), 1.0); }
  if (settings.effect == 2u) { return chosen * vec4f(plain, 1.0); }
  return vec4f(mix(plain, style.rgb, style.a), 1.0);
}
`;
}

/**
 * The mean of each cell; at the border, where cells end beyond the frame, of its last pixels over and over.
 */
const SHRINK = /* wgsl */ `${SETTINGS}
@group(0) @binding(0) var frame: texture_2d<f32>;
@group(0) @binding(1) var coarse: texture_storage_2d<rgba8unorm, write>;
@group(0) @binding(2) var<uniform> settings: Settings;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (any(id.xy >= textureDimensions(coarse))) { return; }
  let last = textureDimensions(frame) - 1u;
  var sum = vec4f(0.0);
  for (var y = 0u; y < settings.cell; y++) {
    for (var x = 0u; x < settings.cell; x++) {
      sum += textureLoad(frame, min(id.xy * settings.cell + vec2u(x, y), last), 0);
    }
  }
  textureStore(coarse, id.xy, sum / f32(settings.cell * settings.cell));
}
`;

export interface PaintTargets {
  readonly frame: GPUTexture;
  readonly labels: GPUTexture;
  /** What the labels were chosen from. */
  readonly scores: GpuScores;
  /** The canvas. */
  readonly target: GPUTexture;
  readonly look: Look;
}

/**
 * Paints a frame with its labels: the same looks as `SegmentationPainter`, whose blur has another kernel of
 * about this width.
 */
export class GpuFramePainter {
  readonly #device: GPUDevice;
  readonly #palette: Palette;
  readonly #matte: GpuMatte;
  readonly #paint: GPURenderPipeline;
  readonly #shrink: GPUComputePipeline;
  readonly #sampler: GPUSampler;
  readonly #settings: GPUBuffer;
  #coarse: GPUTexture;

  private constructor(
    device: GPUDevice,
    palette: Palette,
    { matte, paint, shrink }: { matte: GpuMatte; paint: GPURenderPipeline; shrink: GPUComputePipeline },
  ) {
    this.#device = device;
    this.#palette = palette;
    this.#matte = matte;
    this.#paint = paint;
    this.#shrink = shrink;
    this.#sampler = device.createSampler({ magFilter: "linear", minFilter: "linear" });
    const usage = bufferUsage.uniform | bufferUsage.copyDst;
    this.#settings = device.createBuffer({ size: SETTINGS_BYTES, usage });
    this.#coarse = createScratch(device, 1, 1);
  }

  /** @param format of the canvas */
  static async create(
    device: GPUDevice,
    { palette, alignCorners }: Pick<Model, "palette" | "alignCorners">,
    format: GPUTextureFormat,
  ): Promise<GpuFramePainter> {
    const [matte, paint, shrink] = await Promise.all([
      GpuMatte.create(device),
      renderPipeline(device, paintShader(alignCorners), format),
      computePipeline(device, SHRINK),
    ]);
    return new GpuFramePainter(device, palette, { matte, paint, shrink });
  }

  paint(encoder: GPUCommandEncoder, { frame, labels, scores, target, look }: PaintTargets): void {
    const cell = blurRadius(frame.width);
    this.#device.queue.writeBuffer(this.#settings, 0, this.#describe(look, frame.width, cell));
    if (look.effect === "blur") this.#blur(encoder, frame, cell);
    const strengths = strengthsOf(look, this.#palette.length);
    const matte = hasSoftEdges(look) ? this.#matte.compute(encoder, scores, strengths) : this.#matte.texture;
    const views = [frame, labels, this.#coarse, matte].map((texture) => texture.createView());
    const group = bind(this.#device, this.#paint, [...views, this.#sampler, { buffer: this.#settings }]);
    draw(encoder, this.#paint, { group, target });
  }

  dispose(): void {
    this.#coarse.destroy();
    this.#settings.destroy();
    this.#matte.dispose();
  }

  #describe(look: Look, width: number, cell: number): ArrayBuffer {
    const bytes = new ArrayBuffer(SETTINGS_BYTES);
    const floats = new Float32Array(bytes);
    const wholes = new Uint32Array(bytes);
    strengthsOf(look, this.#palette.length).forEach((strength, label) => {
      const color = (look.colors ?? this.#palette)[label] ?? [0, 0, 0];
      floats.set([...color.map((value) => value / 255), strength], 4 * label);
    });
    wholes[4 * 256] = effects.indexOf(look.effect ?? "overlay");
    floats[4 * 256 + 1] = Math.round((look.before ?? 0) * width);
    wholes[4 * 256 + 2] = cell;
    wholes[4 * 256 + 3] = Number(hasSoftEdges(look));
    return bytes;
  }

  #blur(encoder: GPUCommandEncoder, frame: GPUTexture, cell: number): void {
    const [width, height] = [Math.ceil(frame.width / cell), Math.ceil(frame.height / cell)];
    if (this.#coarse.width !== width || this.#coarse.height !== height) {
      this.#coarse.destroy();
      this.#coarse = createScratch(this.#device, width, height);
    }
    const resources = [frame.createView(), this.#coarse.createView(), { buffer: this.#settings }];
    const group = bind(this.#device, this.#shrink, resources);
    compute(encoder, this.#shrink, { group, extent: [width, height], threads: [8, 8] });
  }
}
