import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomically } from "../node/files.ts";
import { parseAs, readText } from "./read-json.ts";

const channel = z.number().int().min(0).max(255);
const row = z.array(z.number().nonnegative());

const evaluationSchema = z
  .strictObject({
    /** Steps done when it was measured. */
    step: z.number().int().nonnegative(),
    /** 1..255 names, in label order. */
    classes: z.array(z.string()).min(1).max(255),
    /** RGB of each class. */
    palette: z.array(z.tuple([channel, channel, channel])),
    /** Pixels by true class (rows) and predicted class (columns). */
    confusion: z.array(row),
    /** Pictures of some photos: each with its truth, its prediction and where the two differ. */
    panels: z.array(
      z.strictObject({
        /** Name of the photo in its data set. */
        id: z.string(),
        /** A data URI. */
        image: z.string().regex(/^data:image\/(png|jpeg);base64,[A-Za-z0-9+/]+=*$/, "must be a data URI"),
      }),
    ),
  })
  .refine(({ classes, palette }) => palette.length === classes.length, {
    path: ["palette"],
    message: "must have a color for each class",
  })
  .refine(({ classes, confusion }) => [confusion, ...confusion].every((r) => r.length === classes.length), {
    path: ["confusion"],
    message: "must have a row and a column for each class",
  });

/** The evaluation of a run's best validation, stored in its folder as `evaluation.json`. */
export type RunEvaluation = z.output<typeof evaluationSchema>;

/** Replaces the run's `evaluation.json`. @throws LightsegError INVALID_RUN for wrong values, OUTPUT */
export async function writeEvaluation(folder: string, evaluation: RunEvaluation): Promise<void> {
  const path = evaluationPath(folder);
  const text = JSON.stringify(evaluation);
  parseAs(evaluationSchema, text, { file: path });
  await writeFileAtomically(path, `${text}\n`);
}

/** Undefined where the run has none yet. @throws LightsegError INVALID_RUN if it is damaged */
export async function readEvaluation(folder: string): Promise<RunEvaluation | undefined> {
  const path = evaluationPath(folder);
  const text = await readText(path);
  return text === undefined ? undefined : parseAs(evaluationSchema, text, { file: path });
}

function evaluationPath(folder: string): string {
  return join(folder, "evaluation.json");
}
