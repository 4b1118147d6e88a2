import type { Carried, Feeds, TensorData } from "../session.ts";
import type { Device } from "./devices.ts";

/** What the worker thread of a session is asked. */
export interface SessionProtocol {
  readonly open: {
    readonly request: {
      readonly model: Uint8Array;
      readonly device: Device;
      readonly threads: number;
      readonly carried: readonly Carried[];
      /** Set where carried values stay on a GPU, see OrtSession. */
      readonly reader: Uint8Array | undefined;
    };
    readonly answer: undefined;
  };
  readonly run: {
    readonly request: { readonly feeds: Feeds; readonly outputs: readonly string[] };
    readonly answer: Record<string, TensorData>;
  };
  readonly state: { readonly request: object; readonly answer: Record<string, TensorData> };
  readonly close: { readonly request: object; readonly answer: undefined };
}
