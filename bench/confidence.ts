/**
 * How sure a model is of what it finds: on photos like those of its training, and on others. From this
 * follows the threshold under which `lightseg segment` gives a hint.
 *
 * npx tsx bench/confidence.ts voc --known voc=VOC/val --other camvid=CAMVID/val --other PHOTOS [--dtype int8]
 * [--json]
 *
 * Data sets are NAME=FOLDER/SPLIT. --only NAME,... keeps those known photos that show no other classes.
 */
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { findDataset } from "../src/datasets/index.ts";
import { chooseLowConfidence } from "../src/evaluation/low-confidence.ts";
import { formatTable } from "../src/format-table.ts";
import { decodePhoto } from "../src/images/node/decode.ts";
import type { Photo } from "../src/images/types.ts";
import { Segmenter } from "../src/inference/node/node-segmenter.ts";
import { createRandom } from "../src/random.ts";

/** Generated pictures of each kind. */
const GENERATED = 20;

/** Reads a photo when it is needed. */
type ReadPhoto = () => Promise<Photo>;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    known: { type: "string" },
    other: { type: "string", multiple: true, default: [] },
    only: { type: "string" },
    dtype: { type: "string", default: "fp32" },
    json: { type: "boolean", default: false },
  },
});
const [model = "voc"] = positionals;
if (values.known === undefined) throw new Error("--known NAME=FOLDER/SPLIT must be given");

const random = createRandom(1);
const groups = new Map([
  ["known", await photosOf(values.known, values.only?.split(","))],
  ...(await Promise.all(values.other.map(async (typed) => [typed, await photosOf(typed)] as const))),
  ["noise", generate(async () => noise())],
  ["pages of text", generate(page)],
]);

const dtype = values.dtype === "int8" ? "int8" : "fp32";
await using segmenter = await Segmenter.load(model, { dtype });
const measured = new Map<string, (number | undefined)[]>();
for (const [group, photos] of groups) {
  const confidences: (number | undefined)[] = [];
  for (const read of photos) {
    const { meanConfidence } = await segmenter.segment(await read(), { meanConfidence: true });
    confidences.push(meanConfidence);
  }
  measured.set(group, confidences);
}

const threshold = chooseLowConfidence(measured.get("known") ?? []) ?? 0;
const rows = [...measured].map(([group, confidences]) => {
  const found = sorted(confidences);
  const quantile = (share: number) => found[Math.floor(share * found.length)];
  const below = found.filter((value) => value < threshold).length;
  return {
    group,
    photos: confidences.length,
    withoutFinds: confidences.length - found.length,
    quantiles: [0.1, 0.5, 0.9].map(quantile),
    hints: below / confidences.length,
  };
});
if (values.json) console.log(JSON.stringify({ model, dtype, threshold, rows }, undefined, 2));
else {
  const percent = (value = Number.NaN) => (100 * value).toFixed(0);
  const lines = rows.map(({ group, photos, withoutFinds, quantiles, hints }) =>
    [group, photos, withoutFinds, ...quantiles.map(percent), percent(hints)].map(String),
  );
  const header = ["photos", "number", "all background", "10 %", "median", "90 %", "with a hint, %"];
  console.log(`${model} ${dtype}: threshold ${threshold.toFixed(3)}\n${formatTable([header, ...lines])}`);
}

/** The photos of a split of a data set, `NAME=FOLDER/SPLIT`, or of a folder. */
async function photosOf(typed: string, only?: readonly string[]): Promise<ReadPhoto[]> {
  const [name = "", folder] = typed.split("=");
  if (folder === undefined) {
    const names = (await readdir(name)).filter((file) => /\.(jpe?g|png)$/i.test(file)).sort();
    return names.map((file) => () => decodePhoto(join(name, file)));
  }
  const dataset = await findDataset(name).open(dirname(folder), basename(folder));
  const allowed = only?.map((label) => dataset.labels.classes.indexOf(label));
  const photos: ReadPhoto[] = [];
  for (const index of dataset.ids.keys()) {
    if (allowed) {
      const { labels } = await dataset.load(index);
      if (labels.data.some((label) => label !== dataset.labels.ignoreLabel && !allowed.includes(label)))
        continue;
    }
    photos.push(async () => (await dataset.load(index)).photo);
  }
  return photos;
}

function generate(photo: () => Promise<Photo>): ReadPhoto[] {
  return Array.from({ length: GENERATED }, () => photo);
}

function noise(): Photo {
  const [width, height] = [400, 300];
  return { width, height, data: Uint8Array.from({ length: 3 * width * height }, () => 256 * random()) };
}

/** Lines of made-up words, black on white. */
async function page(): Promise<Photo> {
  const [width, height] = [300, 400];
  const letters = "etaoinshrdlucmfwyp";
  const word = () =>
    Array.from(
      { length: 2 + Math.floor(8 * random()) },
      () => letters[Math.floor(letters.length * random())],
    ).join("");
  const size = 10 + Math.floor(14 * random());
  const lines = Array.from({ length: Math.floor(height / size / 1.4) }, (_, line) => {
    const words = Array.from({ length: 9 }, word).join(" ");
    return `<text x="15" y="${20 + line * size * 1.3}" font-size="${size}" font-family="serif">${words}</text>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="white"/>${lines.join("")}</svg>`;
  const data = await sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer();
  return { width, height, data: new Uint8Array(data) };
}

function sorted(values: readonly (number | undefined)[]): number[] {
  return values.filter((value) => value !== undefined).sort((a, b) => a - b);
}
