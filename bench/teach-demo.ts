/**
 * Teaching in the demo as a visitor does it (Chromium, WebAssembly): seconds from the press of "Learn" to the
 * first step, from one preview to the next, and to the end. Five example photos of 640x480 with eight strokes
 * each; the demo has segmented a photo before, as it does when it is opened.
 *
 * npm run build && npx vite build -c demo/vite.config.ts && npx tsx bench/teach-demo.ts [--rounds 3] [--json]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { choosePicture, from, openDemo, paintStrokes, prepareTeaching } from "../scripts/demo-flow.ts";
import { median } from "./peers.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, json: { type: "boolean", default: false } },
});
const PHOTOS = ["astronaut", "chelsea", "coffee"];
const [COUNT, WIDTH, HEIGHT] = [5, 640, 480];

/** Presses "Learn". Gives the milliseconds until each step is told of, and until the end. */
const LEARN = `new Promise((resolve) => {
  const button = document.getElementById("learn");
  const steps = [];
  const start = performance.now();
  new MutationObserver(() => {
    const text = button.parentElement.querySelector("[role=status]").textContent;
    if (text.startsWith("Learning: ")) steps.push(performance.now() - start);
    if (button.textContent === "Learn") resolve({ steps, end: performance.now() - start, text });
  }).observe(button.parentElement, { subtree: true, childList: true, characterData: true });
  button.click();
})`;

const folder = await mkdtemp(join(tmpdir(), "lightseg-teach-"));
const rounds = [];
try {
  const photos = await writePhotos();
  await using demo = await openDemo();
  for (let round = 0; round < Number(values.rounds); round++) {
    const page = await demo.open({ viewport: { width: 1280, height: 900 } }, "");
    await prepareTeaching(page, photos);
    for (let photo = 1; photo <= COUNT; photo++) {
      await choosePicture(page, photo);
      await paintStrokes(page);
    }
    const { steps, end, text } = await page.evaluate<{ steps: number[]; end: number; text: string }>(LEARN);
    if (!text.startsWith("Learned")) throw new Error(text);
    // The demo shows a preview after every twelfth step.
    const previews = steps.filter((_, index) => (index + 1) % 12 === 1).map((time) => time / 1000);
    const gaps = previews.slice(1).map((time, index) => time - (previews[index] ?? 0));
    rounds.push({ firstStep: (steps[0] ?? 0) / 1000, preview: median(gaps), end: end / 1000 });
    await page.context().close();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
const cpu = cpus()[0]?.model;
if (values.json) console.log(JSON.stringify({ cpu, threads: cpus().length, rounds }, undefined, 2));
else {
  console.log(`${cpu}, ${cpus().length} threads, ${COUNT} pictures of ${WIDTH}x${HEIGHT}`);
  for (const { firstStep, preview, end } of rounds)
    console.log(
      `first step after ${firstStep.toFixed(1)} s, a preview each ${preview.toFixed(1)} s, end after ${end.toFixed(1)} s`,
    );
}

function writePhotos(): Promise<string[]> {
  return Promise.all(
    Array.from({ length: COUNT }, async (_, index) => {
      const file = join(folder, `${index}.jpg`);
      const source = from(`examples/${PHOTOS[index % PHOTOS.length]}.jpg`);
      await sharp(source).resize(WIDTH, HEIGHT, { fit: "fill" }).toFile(file);
      return file;
    }),
  );
}
