import { relative } from "node:path";
import { stringify } from "yaml";
import type { ModelDescription } from "../model-files/model.ts";
import { type Address, parseAddress } from "./address.ts";
import type { BatchJob } from "./job.ts";
import { writeContactSheet } from "./samples.ts";
import { isList } from "./source-list.ts";
import type { Storage } from "./storage.ts";

/**
 * Does what can be done when all chunks have their results: the contact sheet, the description of pseudo-
 * labels for `train`, and clearing away what killed workers have left. Done twice, it leaves the same.
 */
export async function finishJob(
  target: Storage,
  job: BatchJob,
  { model, address }: { model: ModelDescription; address: Address },
): Promise<void> {
  if (job.settings.samples > 0) await writeContactSheet(target);
  if (job.settings.keepConfident !== null)
    await target.write("dataset.yaml", new TextEncoder().encode(describeMasks(job, model, address)));
  await target.clean();
}

/** A `dataset.yaml` for the masks beside it, and for the photos, if they lie in a folder. */
function describeMasks(job: BatchJob, { classes, palette }: ModelDescription, target: Address): string {
  const source = isList(job.source) ? undefined : parseAddress(job.source);
  const images =
    source?.kind === "folder" && target.kind === "folder" ? relative(target.path, source.path) : "images";
  return stringify({
    name: job.name,
    folders: { images, masks: "masks" },
    classes: classes.map((name, label) => ({ name, color: [...(palette[label] ?? [0, 0, 0])] })),
  });
}
