/**
 * Fine-tunes the default model on a data set of one's own and segments one of its photos with the result.
 *
 *   npx tsx examples/write-shapes.ts shapes
 *   npx tsx examples/train.ts shapes shapes/images/00.png my-run [EPOCHS]
 */
import { finetuneSettings, Segmenter, train } from "lightseg";

const [data, photo, run, epochs] = process.argv.slice(2);
if (!data || !photo || !run) throw new Error("usage: train.ts DATA PHOTO RUN [EPOCHS]");

// Crops from the photos' sizes, epochs from their number; any setting can be changed.
const settings = await finetuneSettings({ data });
const { step, best } = await train({
  run,
  config: { ...settings, ...(epochs && { epochs: Number(epochs) }) },
  onEvent(event) {
    if (event.kind === "step" && event.step % 20 === 0)
      console.log(`step ${event.step} of ${event.totalSteps}: loss ${event.loss.toFixed(3)}`);
    if (event.kind === "validation") console.log(`mean IoU ${(100 * event.miou).toFixed(1)} %`);
    if (event.kind === "warning") console.warn(event.text);
  },
});
console.log(`${step} steps; best mean IoU ${(100 * (best?.miou ?? 0)).toFixed(1)} %; see ${run}/report.html`);

const segmenter = await Segmenter.load(`${run}/best.safetensors`);
const { found } = await segmenter.segment(photo);
for (const { name, share } of found) console.log(`${name}: ${(100 * share).toFixed(1)} %`);
await segmenter.dispose();
