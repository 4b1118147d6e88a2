import { LightsegError } from "../errors.ts";
import { lowerToOnnx } from "../graph/onnx/lower.ts";
import { collect, type Tensor } from "../graph/tensor.ts";
import type { Model } from "../model-files/model.ts";
import type { Engine, TensorData } from "../runtime/session.ts";
import { FOLDED } from "../weights/onnx.ts";
import { foldedOutputs } from "./onnx.ts";

/** The largest number that float16 holds. */
const LARGEST_HALF = 65504;

/**
 * Looks for feature maps that float16 cannot hold, computed in float32.
 *
 * Running the file does not show them: ONNX Runtime computes float16 models in float32 on CPUs. Other engines
 * do not.
 *
 * @param image a normalized photo `[N, 3, H, W]`; a small one, since all feature maps are held at once
 * @throws LightsegError RUNTIME naming the first layer with a value beyond ±65504
 */
export async function requireHalfRange(
  model: Model,
  image: TensorData,
  { open, threads }: Engine,
): Promise<void> {
  const { outputs, weights } = foldedOutputs(model, { scores: true });
  const maps = collect(Object.values(outputs)).filter(({ leaf, dtype }) => !leaf && dtype === "float32");
  const named = Object.fromEntries(maps.map((map, index) => [`map ${index}`, map]));
  const session = await open(lowerToOnnx(named, { parameters: (name) => weights.get(name) ?? "input" }), {
    threads,
  });
  try {
    const results = await session.run({ image }, Object.keys(named));
    for (const [name, map] of Object.entries(named)) requireRange(map, results[name]?.data ?? []);
  } finally {
    await session.dispose();
  }
}

function requireRange(map: Tensor, data: TensorData["data"] | readonly number[]): void {
  let largest = 0;
  for (const value of data) largest = Math.max(largest, Math.abs(value));
  if (largest <= LARGEST_HALF) return;
  throw new LightsegError({
    code: "RUNTIME",
    where: "checkExport",
    argument: `${map.op} at ${placeOf(map)}`,
    rule: `must give values within ±${LARGEST_HALF} for fp16`,
    value: largest,
    hint: "export as fp32",
  });
}

/** The parameter that the map was last computed with. */
function placeOf(map: Tensor): string {
  for (let tensor: Tensor | undefined = map; tensor; tensor = tensor.inputs[0])
    for (const { leaf } of tensor.inputs)
      if (leaf?.kind === "parameter") return leaf.name.replace(FOLDED, "");
  return "the input";
}
