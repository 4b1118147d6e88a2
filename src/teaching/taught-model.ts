import { describeModel } from "../model-files/description.ts";
import { descriptionOf, type Model, type ModelDescription } from "../model-files/model.ts";
import { encodeSafetensors } from "../weights/safetensors.ts";

/** A fine-tuned model, ready for `Segmenter.load`, and as a file. */
export class TaughtModel {
  /** Network, class names, palette and pre-processing. */
  readonly description: ModelDescription;
  /** The model file: safetensors in fp16, as `lightseg segment --model` and the other verbs take it. */
  readonly bytes: Uint8Array<ArrayBuffer>;

  constructor(description: ModelDescription, bytes: Uint8Array<ArrayBuffer>) {
    this.description = description;
    this.bytes = bytes;
  }

  /** The model file as a Blob, for a download or the page's storage. */
  toBlob(): Blob {
    return new Blob([this.bytes], { type: "application/octet-stream" });
  }
}

/** A model as a file. */
export function encodeTaught(model: Model): TaughtModel {
  const bytes = encodeSafetensors(model.weights, { metadata: describeModel(model), dtype: "F16" });
  return new TaughtModel(descriptionOf(model), bytes);
}
