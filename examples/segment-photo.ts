/**
 * Segments a photo with the shipped model, says what is in it and draws it.
 *
 *   npx tsx examples/segment-photo.ts [PHOTO [OVERLAY.png]]
 */
import { writeFile } from "node:fs/promises";
import { renderOverlay, Segmenter } from "lightseg";

const [photo = "examples/chelsea.jpg", overlay = "overlay.png"] = process.argv.slice(2);

const segmenter = await Segmenter.load();
try {
  const result = await segmenter.segment(photo);
  for (const { name, share } of result.found) console.log(`${name}: ${(100 * share).toFixed(1)} %`);

  // The class of the pixel in the middle, counted from the top left corner, row by row.
  const middle = Math.floor(result.height / 2) * result.width + Math.floor(result.width / 2);
  console.log(`in the middle: ${result.classes[result.labels[middle] ?? 0]}`);

  await writeFile(overlay, await renderOverlay(result));
  console.log(`drawn in ${overlay}`);
} finally {
  await segmenter.dispose();
}
