/** Where onnxruntime-node computes. */
export const devices = ["cpu", "webgpu", "cuda"] as const;
export type Device = (typeof devices)[number];
