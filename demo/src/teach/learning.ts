import { fineTune } from "../../../src/web.ts";
import type { Job } from "../task.ts";
import type { TeachClass } from "./classes.ts";
import type { FoundLabels } from "./label-layer.ts";
import { isPainted, type TeachPicture } from "./pictures.ts";
import type { KeptModel } from "./storage.ts";

export interface LearnOptions {
  readonly pictures: readonly TeachPicture[];
  readonly classes: readonly TeachClass[];
  /** What was learned before; taken up where it knows the same classes. */
  readonly before: KeptModel | undefined;
  readonly job: Job;
  readonly onLoss: (loss: number, steps: number) => void;
  /** Pictures to show what was learned so far in. */
  readonly shown: readonly TeachPicture[];
  /** Gets what is found in them, on the way and at the end. */
  readonly onPreview: (found: readonly FoundLabels[]) => void;
}

/**
 * Learns from the strokes.
 *
 * @throws Error that says what is missing; what `fineTune` throws
 */
export async function learn(options: LearnOptions): Promise<KeptModel> {
  const { pictures, classes, before, job, onLoss, shown, onPreview } = options;
  const painted = pictures.filter(isPainted);
  requireStrokes(painted, classes);
  // Copies: the visitor may edit classes and strokes until the lesson has been loaded.
  const taughtClasses = classes.map((own) => ({ ...own }));
  const samples = painted.map(({ bitmap, strokes: { width, height, labels } }) => ({
    picture: bitmap,
    labels: { width, height, data: labels.slice() },
  }));
  const names = classes.map(({ name }) => name);
  const colors = classes.map(({ color }) => color);
  const isSame = before?.classes.join("\n") === names.join("\n");
  job.say("Getting ready…");
  const taught = await fineTune({
    ...(isSame && before && { base: before.file }),
    classes: taughtClasses,
    samples,
    ...STEPS,
    signal: job.signal,
    onDownload({ loaded, total }) {
      if (loaded < total)
        job.say(`Loading what it begins with: ${megabytes(loaded)} of ${megabytes(total)} MB`);
    },
    onProgress({ step, steps, loss }) {
      job.onProgress(step / steps);
      job.say(`Learning: step ${step} of ${steps}`);
      onLoss(loss, steps);
    },
    previews: shown.map(({ bitmap }) => bitmap),
    onPreview: (maps) => onPreview(maps.map((labels) => ({ labels, colors }))),
  });
  return { file: taught.toBlob(), classes: names };
}

/** `?steps=200` in the page's address: more steps than the number of pictures asks for, or fewer. */
const asked = Number(new URLSearchParams(location.search).get("steps"));
const STEPS = asked > 0 ? { steps: asked } : {};

function requireStrokes(painted: readonly TeachPicture[], classes: readonly TeachClass[]): void {
  const found = new Set(painted.flatMap(({ strokes }) => [...new Set(strokes.labels)]));
  const missing = classes.filter((_, label) => !found.has(label)).map(({ name }) => `“${name}”`);
  if (missing.length === 0) return;
  throw new Error(`Paint some strokes for ${missing.join(" and ")} first: a few on one picture will do.`);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
