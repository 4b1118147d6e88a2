import { engineError, engineResult } from "../../runtime/engine-error.ts";

/** What the engine makes use of where it is there. */
const features = ["shader-f16", "subgroups"] as const;

/**
 * The device of a worker, for the engine and for what is painted, with all that the adapter allows: models
 * need more than every device has. Not the engine's own, which it destroys with its last session.
 *
 * @throws LightsegError RUNTIME without a GPU
 */
export async function requestGpuDevice(): Promise<GPUDevice> {
  const adapter = await engineResult(navigator.gpu.requestAdapter());
  if (!adapter) throw engineError("no graphics adapter is offered");
  return engineResult(
    adapter.requestDevice({
      requiredFeatures: features.filter((feature) => adapter.features.has(feature)),
      requiredLimits: limitsOf(adapter),
    }),
  );
}

function limitsOf({ limits }: GPUAdapter): Record<string, number> {
  const values: Record<string, number> = {};
  // They are properties of the prototype, which Object.keys does not list.
  for (const name in limits) {
    const value: unknown = Reflect.get(limits, name);
    if (typeof value === "number") values[name] = value;
  }
  return values;
}
