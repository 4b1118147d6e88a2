/**
 * Writes a small data set as lightseg reads it: photos of disks and squares, masks, and dataset.yaml.
 *
 *   npx tsx examples/write-shapes.ts [FOLDER]
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeIndexedPng, encodePng, type Palette } from "lightseg";

const [folder = "lightseg-out/shapes"] = process.argv.slice(2);
const [width, height, photos] = [96, 64, 24];
const palette: Palette = [
  [0, 0, 0],
  [230, 80, 60],
  [60, 120, 230],
];

await mkdir(join(folder, "images"), { recursive: true });
await mkdir(join(folder, "masks"), { recursive: true });
await writeFile(
  join(folder, "dataset.yaml"),
  `masks: indexed
classes:
  - background
  - { name: disk, color: "#e6503c" }
  - { name: square, color: "#3c78e6" }
val: 0.25
`,
);
for (let index = 0; index < photos; index++) {
  const { photo, labels } = draw();
  const name = `${String(index).padStart(2, "0")}.png`;
  await writeFile(join(folder, "images", name), await encodePng({ width, height, data: photo }));
  await writeFile(join(folder, "masks", name), encodeIndexedPng({ width, height, data: labels }, palette));
}
console.log(`${photos} photos in ${folder}`);

/** A disk and a square of random places, sizes and brightness on a noisy ground; the square lies in front. */
function draw(): { photo: Uint8Array; labels: Uint8Array } {
  const photo = Uint8Array.from({ length: 3 * width * height }, () => 90 + 40 * Math.random());
  const labels = new Uint8Array(width * height);
  for (const label of [1, 2]) {
    const [x, y, size] = [Math.random() * width, Math.random() * height, 8 + 12 * Math.random()];
    const brightness = 0.6 + 0.4 * Math.random();
    for (let pixel = 0; pixel < labels.length; pixel++) {
      const [dx, dy] = [(pixel % width) - x, Math.floor(pixel / width) - y];
      const inside = label === 1 ? Math.hypot(dx, dy) < size : Math.max(Math.abs(dx), Math.abs(dy)) < size;
      if (!inside) continue;
      labels[pixel] = label;
      photo.set(palette[label]?.map((channel) => channel * brightness) ?? [], 3 * pixel);
    }
  }
  return { photo, labels };
}
