import { refineNetCascade } from "./refinenet.ts";

/** The decoder of Light-Weight RefineNet (Sec. 3.3): 1x1 convolutions everywhere but in the classifier, no residual conv units. */
export const lightWeightRefineNet = refineNetCascade({ kernel: 1 });

/** Light-Weight RefineNet before its residual conv units were found dispensable (Sec. 3.2, Table 1). */
export const lightWeightRefineNetWithRcu = refineNetCascade({ kernel: 1, unit: "bottleneck" });
