/** Previews: what a network has learned so far, shown in photos that were chosen at the start. */
import { lowerToOnnx } from "../graph/onnx/lower.ts";
import { collect } from "../graph/tensor.ts";
import { IGNORE_LABEL } from "../images/palette.ts";
import { resizePhoto } from "../images/resample.ts";
import type { LabelMap, Photo } from "../images/types.ts";
import { upsampleLabels } from "../inference/upsample-labels.ts";
import type { Network } from "../models/network.ts";
import type { Weights } from "../models/weights.ts";
import type { Engine, Feeds, TensorData } from "../runtime/session.ts";
import { type AugmentationOptions, augmentInto } from "../training/augmentation.ts";
import type { Batch, StepInputs } from "../training/batches.ts";

/** A photo to preview as the network is fed it: at the top left of a crop, mean color around it. */
export interface PreviewBatch {
  readonly batch: Batch;
  /** Size of the photo in the crop. */
  readonly width: number;
  readonly height: number;
}

/** Writes a photo into a crop of the size that is trained on, shrunk where it would not fit. */
export function makePreviewBatch(
  photo: Photo,
  { crop, preprocessing }: Pick<AugmentationOptions, "crop" | "preprocessing">,
): PreviewBatch {
  const [height, width] = crop;
  const scale = Math.min(1, height / photo.height, width / photo.width);
  const side = (size: number) => Math.max(1, Math.round(size * scale));
  const seen = resizePhoto(photo, side(photo.width), side(photo.height));
  const size = { width: seen.width, height: seen.height };
  const labels = { ...size, data: new Uint8Array(size.width * size.height).fill(IGNORE_LABEL) };
  const image = { data: new Float32Array(3 * height * width), shape: [1, 3, height, width] };
  const target = { data: new Int32Array(height * width), shape: [1, height, width] };
  const asItIs = { crop, preprocessing, scale: [1, 1], mirror: false } as const;
  augmentInto({ photo: seen, labels }, asItIs, () => 0, { image: image.data, target: target.data });
  return { ...size, batch: { image, target } };
}

/** What the trained part of a network is fed for a photo: its crop, or feature maps of it. */
export interface PreviewInputs extends Pick<PreviewBatch, "width" | "height"> {
  readonly inputs: StepInputs;
}

export interface Previews {
  /** Finds the classes in each photo with weights as they stand. */
  label(weights: Weights): Promise<LabelMap[]>;
  dispose(): Promise<void>;
}

/** Opens the forward pass of what is trained, which takes weights as inputs. */
export async function openPreviews(
  { scores, alignCorners }: Network,
  photos: readonly PreviewInputs[],
  { open, threads }: Engine,
): Promise<Previews> {
  const leaves = collect([scores]).flatMap(({ leaf }) => (leaf ? [leaf] : []));
  const read = (kind: "input" | "parameter") =>
    leaves.flatMap((leaf) => (leaf.kind === kind ? [leaf.name] : []));
  const [inputNames, parameterNames] = [read("input"), read("parameter")];
  const model = lowerToOnnx({ scores }, { parameters: () => "input", provider: open.provider });
  const session = await open(model, { threads });
  return {
    async label(weights) {
      const parameters = pick(weights, parameterNames);
      const found: LabelMap[] = [];
      for (const { inputs, width, height } of photos) {
        const feeds = { ...parameters, ...pick(new Map(Object.entries(inputs)), inputNames) };
        const { scores } = await session.run(feeds, ["scores"]);
        const [, cropHeight = 0, cropWidth = 0] = inputs.target.shape;
        const labels = upsampleLabels(scores, { width: cropWidth, height: cropHeight, alignCorners });
        found.push(cut(labels, cropWidth, { width, height }));
      }
      return found;
    },
    dispose: () => session.dispose(),
  };
}

function pick(values: ReadonlyMap<string, TensorData>, names: readonly string[]): Feeds {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = values.get(name);
      return value ? [[name, value]] : [];
    }),
  );
}

/** The top left of a label map. @param stride its width */
function cut(
  labels: Uint8Array,
  stride: number,
  { width, height }: { width: number; height: number },
): LabelMap {
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) data.set(labels.subarray(y * stride, y * stride + width), y * width);
  return { width, height, data };
}
