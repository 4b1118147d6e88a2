/** What the pipelines have in common. */

/** The numbers of the standard; browsers have them as globals that TypeScript does not know. */
export const textureUsage = { copySrc: 1, copyDst: 2, binding: 4, storage: 8, render: 16 } as const;
export const bufferUsage = { mapRead: 1, copySrc: 4, copyDst: 8, uniform: 64, storage: 128 } as const;
const MAP_READ = 1;

/** A texture that a compute shader writes and another shader samples. */
export function createScratch(device: GPUDevice, width: number, height: number): GPUTexture {
  const usage = textureUsage.binding | textureUsage.storage;
  return device.createTexture({ size: [width, height], format: "rgba8unorm", usage });
}

/** A triangle that covers all of the target. */
const VERTEX = /* wgsl */ `
@vertex fn corner(@builtin(vertex_index) index: u32) -> @builtin(position) vec4f {
  let place = vec2f(f32((index << 1u) & 2u), f32(index & 2u));
  return vec4f(2.0 * place - 1.0, 0.0, 1.0);
}
`;

/** A shader that computes each pixel of a texture: `fragment` is the function `pixel`. */
export function renderPipeline(
  device: GPUDevice,
  fragment: string,
  format: GPUTextureFormat,
): Promise<GPURenderPipeline> {
  const module = device.createShaderModule({ code: VERTEX + fragment });
  return device.createRenderPipelineAsync({
    layout: "auto",
    vertex: { module, entryPoint: "corner" },
    fragment: { module, entryPoint: "pixel", targets: [{ format }] },
  });
}

/** A shader whose function is `main`. */
export function computePipeline(device: GPUDevice, code: string): Promise<GPUComputePipeline> {
  const module = device.createShaderModule({ code });
  return device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: "main" } });
}

/** What a pipeline reads and writes, in the order of its bindings. */
export function bind(
  device: GPUDevice,
  pipeline: GPURenderPipeline | GPUComputePipeline,
  resources: readonly GPUBindingResource[],
): GPUBindGroup {
  const entries = resources.map((resource, binding) => ({ binding, resource }));
  return device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
}

/** Draws all pixels of a texture. */
export function draw(
  encoder: GPUCommandEncoder,
  pipeline: GPURenderPipeline,
  { group, target }: { group: GPUBindGroup; target: GPUTexture },
): void {
  const attachment = { view: target.createView(), loadOp: "clear", storeOp: "store" } as const;
  const pass = encoder.beginRenderPass({ colorAttachments: [attachment] });
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.draw(3);
  pass.end();
}

/** Runs a shader in as many groups of `[x, y]` threads as cover the extent. */
export function compute(
  encoder: GPUCommandEncoder,
  pipeline: GPUComputePipeline,
  { group, extent, threads }: { group: GPUBindGroup; extent: Extent; threads: Extent },
): void {
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(Math.ceil(extent[0] / threads[0]), Math.ceil(extent[1] / threads[1]));
  pass.end();
}

type Extent = readonly [x: number, y: number];

/** Copies what a buffer holds out of the GPU's memory, when all that was submitted is done. */
export async function readBuffer(staging: GPUBuffer): Promise<Uint8Array<ArrayBuffer>> {
  await staging.mapAsync(MAP_READ);
  const bytes = new Uint8Array(staging.getMappedRange()).slice();
  staging.unmap();
  return bytes;
}
