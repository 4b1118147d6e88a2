import type { Preprocessing } from "../../models/preprocessing.ts";
import { bind, compute, computePipeline } from "./shader.ts";

/**
 * Turns a frame into the network's input: a texture into normalised float32 `[1, 3, H, W]`, as
 * `normalizeInto` does on the CPU.
 */
export async function createFramePreparer(device: GPUDevice, { scale, mean, std }: Preprocessing) {
  const pipeline = await computePipeline(
    device,
    /* wgsl */ `
@group(0) @binding(0) var frame: texture_2d<f32>;
@group(0) @binding(1) var<storage, read_write> image: array<f32>;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let size = textureDimensions(frame);
  if (any(id.xy >= size)) { return; }
  let bytes = round(255.0 * textureLoad(frame, id.xy, 0).rgb);
  let value = (f32(${scale}) * bytes - vec3f(${mean.join()})) / vec3f(${std.join()});
  let plane = size.x * size.y;
  let at = id.y * size.x + id.x;
  image[at] = value.r;
  image[plane + at] = value.g;
  image[2u * plane + at] = value.b;
}
`,
  );
  return (encoder: GPUCommandEncoder, { frame, image }: { frame: GPUTexture; image: GPUBuffer }): void => {
    const group = bind(device, pipeline, [frame.createView(), { buffer: image }]);
    compute(encoder, pipeline, { group, extent: [frame.width, frame.height], threads: [8, 8] });
  };
}
