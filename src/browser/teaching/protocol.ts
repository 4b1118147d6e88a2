import type { ExportOptions } from "../../export/onnx.ts";
import type { LabelMap } from "../../images/types.ts";
import type { ModelDescription } from "../../model-files/model.ts";
import type { TeachingOptions, TeachingProgress } from "../../teaching/options.ts";
import type { Picture } from "../protocol.ts";

/** What of the options goes to the worker as it is. */
export type SentOptions = Pick<
  TeachingOptions,
  "classes" | "layers" | "longSide" | "steps" | "seed" | "modelEvery"
>;

/** What a page asks of a worker that teaches. */
export interface TeachingProtocol {
  readonly export: {
    readonly request: {
      /** The bytes of a model file, safetensors. */
      readonly model: Uint8Array;
      /** The model's name in messages. */
      readonly name: string;
      readonly options: ExportOptions;
    };
    /** An ONNX file. */
    readonly answer: { readonly bytes: Uint8Array<ArrayBuffer> };
  };
  readonly teach: {
    readonly request: {
      /** The bytes of the base, a safetensors file. */
      readonly base: Uint8Array;
      /** The base's name in messages. */
      readonly name: string;
      /** The backbone, where the base holds the weights of an encoder alone. */
      readonly backbone: string | undefined;
      readonly engine: WebAssembly.Module;
      readonly threads: number;
      readonly samples: readonly { readonly picture: Picture; readonly labels: LabelMap }[];
      /** Pictures in which the page wants to see what was learned. */
      readonly previews: readonly Picture[];
      readonly options: SentOptions;
      /** Whether the page wants models on the way. */
      readonly wantsModels: boolean;
      /**
       * Carries `TeachingEvent`s to the page, which answers a model or previews with any message when it is
       * done.
       */
      readonly events: MessagePort;
    };
    readonly answer: ModelFileContent;
  };
}

/** A model as a file. */
export interface ModelFileContent {
  readonly description: ModelDescription;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What is told on the way. `end` is the last. */
export type TeachingEvent =
  | { readonly kind: "progress"; readonly progress: TeachingProgress }
  | { readonly kind: "model"; readonly model: ModelFileContent }
  | { readonly kind: "preview"; readonly labels: readonly LabelMap[] }
  | { readonly kind: "end" };
