import type { LogRecord } from "./run-folder.ts";

/** What happens during training, for progress bars and logs. */
export type TrainingEvent =
  | (LogRecord & { readonly totalSteps: number })
  | { readonly kind: "note"; readonly text: string }
  | {
      readonly kind: "progress";
      readonly task: "counting labels" | "validating";
      readonly done: number;
      readonly total: number;
    };
