import { engineError, engineResult } from "../../runtime/web.ts";

/** What the engine makes use of where it is there. */
const features = ["shader-f16", "subgroups"] as const;

/** Models need more than every device has to allow. */
const limits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupsPerDimension",
] as const;

/**
 * The device of a worker, for the engine and for what is painted. Not the engine's own, which it destroys with its last session.
 *
 * @throws LightsegError RUNTIME if there is none
 */
export async function requestGpuDevice(): Promise<GPUDevice> {
  const adapter = await engineResult(navigator.gpu.requestAdapter());
  if (!adapter) throw engineError("no graphics adapter is offered");
  return engineResult(
    adapter.requestDevice({
      requiredFeatures: features.filter((feature) => adapter.features.has(feature)),
      requiredLimits: Object.fromEntries(limits.map((limit) => [limit, adapter.limits[limit]])),
    }),
  );
}
