/** Where onnxruntime-node computes. */
export const devices = ["cpu", "webgpu", "cuda"] as const;
export type Device = (typeof devices)[number];

/** `auto` takes WebGPU where a graphics card gives the right answer, else the CPU. */
export const deviceChoices = ["auto", ...devices] as const;
export type DeviceChoice = (typeof deviceChoices)[number];
