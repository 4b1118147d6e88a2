/** Where onnxruntime-node computes. */
export const devices = ["cpu", "webgpu", "cuda"] as const;
/** A place where onnxruntime-node computes. */
export type Device = (typeof devices)[number];

/** `auto` takes WebGPU where a graphics card gives the right answer, else the CPU. */
export const deviceChoices = ["auto", ...devices] as const;
/** A device, or `auto`: WebGPU where a graphics card gives the right answer, else the CPU. */
export type DeviceChoice = (typeof deviceChoices)[number];
