import { formatNumber } from "../html/format.ts";
import { type Html, html } from "../html/html.ts";
import { median } from "../median.ts";
import type { Run } from "../runs/read-run.ts";
import { resolveStages } from "../training/config.ts";
import { quote } from "./recipe.ts";

/** Fewer steps than this say nothing about where the loss goes. */
const LEAST_STEPS = 100;
/** The loss of single steps varies; this much more than at the beginning is no chance. */
const GROWTH = 1.5;

/** What looks wrong with a run, and what to try, one sentence or two each; nothing for most runs. */
export function findFaults(run: Run): Html[] {
  const found = [describeStop(run), describeCollapse(run), describeGrowth(run)];
  return [...dataWarnings(run), ...found.filter((fault) => fault !== undefined)];
}

/** What looked wrong with the data when the run began, such as classes without pixels. */
function dataWarnings({ origin: { warnings } }: Run): Html[] {
  if (!Array.isArray(warnings)) return [];
  return warnings.filter((text) => typeof text === "string").map((text) => html`${text}.`);
}

function describeStop({ state, steps, folder }: Run): Html | undefined {
  const last = steps.at(-1);
  if (state !== "stopped" || !last) return undefined;
  return html`The run stopped after step ${last.step}, before its end. To go on: <code>lightseg train --run ${quote(folder)} --resume</code>`;
}

/** All pixels in one class although there are several. */
function describeCollapse({ evaluation }: Run): Html | undefined {
  if (!evaluation) return undefined;
  const { classes, confusion, step } = evaluation;
  const predicted = classes.filter((_, label) => confusion.some((row) => (row[label] ?? 0) > 0));
  const present = confusion.filter((row) => row.some((count) => count > 0));
  if (predicted.length !== 1 || present.length < 2) return undefined;
  return html`The best validation, after step ${step}, found nothing but ${predicted}. After more than a few epochs this means that the network does not learn: check the masks (<code>lightseg data check</code>), the weights that it began with, and try other learning rates.`;
}

/** Stages may have losses of their own, so only runs of one are judged. */
function describeGrowth({ config, steps }: Run): Html | undefined {
  // Batches without a labelled pixel have loss 0, and say nothing.
  const losses = steps.flatMap(({ loss }) => (loss === 0 ? [] : [loss]));
  if (losses.length < LEAST_STEPS || resolveStages(config).length > 1) return undefined;
  const tenth = Math.floor(losses.length / 10);
  const first = median(losses.slice(0, tenth)) ?? Number.NaN;
  const last = median(losses.slice(-tenth)) ?? Number.NaN;
  if (!(last > GROWTH * first)) return undefined;
  const [from, to] = [first, last].map((loss) => formatNumber(Number(loss.toPrecision(3))));
  return html`The loss has grown: its median was ${from} over the first tenth of the steps and is ${to} over the last. Lower the learning rates, or limit the gradients (<code>clipNorm</code>).`;
}
