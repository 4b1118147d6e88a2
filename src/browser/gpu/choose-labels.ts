import { bind, compute, computePipeline, draw, renderPipeline } from "./shader.ts";

/** Scores `[1, classes, height, width]` in the GPU's memory. */
export interface GpuScores {
  readonly buffer: GPUBuffer;
  readonly classes: number;
  readonly height: number;
  readonly width: number;
}

/**
 * The best class of each pixel of a frame, from scores at the decoder's resolution: a texture of one byte a
 * pixel.
 */
export async function createLabelChooser(
  device: GPUDevice,
  { classes, alignCorners }: { classes: number; alignCorners: boolean },
) {
  // As in upsample-labels.ts: bilinear scores, then the highest, the first on ties. `position` is that of
  // src/grid.ts, clamped: (pixel (in - 1)) / max(1, out - 1), or (pixel + 0.5) in / out - 0.5.
  const position = alignCorners
    ? "place * (inSize - 1.0) / max(outSize - 1.0, vec2f(1.0))"
    : "clamp((place + 0.5) * inSize / outSize - 0.5, vec2f(0.0), inSize - 1.0)";
  const pipeline = await renderPipeline(
    device,
    /* wgsl */ `
@group(0) @binding(0) var<storage, read> scores: array<f32>;
@group(0) @binding(1) var<uniform> sizes: vec4u;

@fragment fn pixel(@builtin(position) at: vec4f) -> @location(0) u32 {
  let place = floor(at.xy);
  let inSize = vec2f(sizes.xy);
  let outSize = vec2f(sizes.zw);
  let position = ${position};
  let low = vec2u(position);
  let high = min(low + 1u, sizes.xy - 1u);
  let share = fract(position);
  let corners = vec4u(low.y * sizes.x + vec2u(low.x, high.x), high.y * sizes.x + vec2u(low.x, high.x));
  let right = vec2f(1.0 - share.x, share.x);
  let weights = vec4f((1.0 - share.y) * right, share.y * right);
  var label = 0u;
  var highest = 0.0;
  for (var c = 0u; c < ${classes}u; c++) {
    let four = c * sizes.x * sizes.y + corners;
    let score = dot(weights, vec4f(scores[four.x], scores[four.y], scores[four.z], scores[four.w]));
    if (c == 0u || score > highest) {
      label = c;
      highest = score;
    }
  }
  return label;
}
`,
    "r8uint",
  );
  return (
    encoder: GPUCommandEncoder,
    { scores, sizes, labels }: { scores: GPUBuffer; sizes: GPUBuffer; labels: GPUTexture },
  ): void => {
    const group = bind(device, pipeline, [{ buffer: scores }, { buffer: sizes }]);
    draw(encoder, pipeline, { group, target: labels });
  };
}

/**
 * How many pixels each label has: 256 counts in a buffer. Each group of threads counts for itself first,
 * since all pixels of a class would wait for one number.
 */
export async function createLabelCounter(device: GPUDevice) {
  const pipeline = await computePipeline(
    device,
    /* wgsl */ `
@group(0) @binding(0) var labels: texture_2d<u32>;
@group(0) @binding(1) var<storage, read_write> counts: array<atomic<u32>, 256>;

var<workgroup> own: array<atomic<u32>, 256>;

@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) index: u32) {
  if (all(id.xy < textureDimensions(labels))) { atomicAdd(&own[textureLoad(labels, id.xy, 0).r], 1u); }
  workgroupBarrier();
  let count = atomicLoad(&own[index]);
  if (count > 0u) { atomicAdd(&counts[index], count); }
}
`,
  );
  return (
    encoder: GPUCommandEncoder,
    { labels, counts }: { labels: GPUTexture; counts: GPUBuffer },
  ): void => {
    encoder.clearBuffer(counts);
    const group = bind(device, pipeline, [labels.createView(), { buffer: counts }]);
    compute(encoder, pipeline, { group, extent: [labels.width, labels.height], threads: [16, 16] });
  };
}
