/**
 * How soon a page has its first result (Chromium, WebAssembly): milliseconds from the import of the library
 * to the loaded model, to the labels of a photo, and of the same photo once more, in a browser that has
 * nothing in its cache and in one that has. All files come from this machine.
 *
 * npm run build && npx tsx bench/load-page.ts [--model voc] [--rounds 7] [--json]
 */
import { parseArgs } from "node:util";
import { startBrowser } from "../test/browser/browser.ts";
import { startServer } from "../test/browser/server.ts";
import { machine, median } from "./peers.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "voc" },
    rounds: { type: "string", default: "7" },
    json: { type: "boolean", default: false },
  },
});

/** In the page. */
const VISIT = `(async () => {
  const photo = await (await fetch("/examples/chelsea.jpg")).blob();
  const times = [performance.now()];
  const take = () => times.push(performance.now());
  const { Segmenter } = await import("/dist/web.js");
  const segmenter = await Segmenter.load(${JSON.stringify(values.model)}, { device: "wasm" });
  take();
  await segmenter.segment(photo);
  take();
  await segmenter.segment(photo);
  take();
  await segmenter.dispose();
  return times.slice(1).map((time, index) => time - times[index]);
})()`;
const empty = new Map([["/empty.html", new TextEncoder().encode("<!doctype html><title>Empty</title>")]]);
const server = await startServer({ isolated: true, files: empty });
const browser = await startBrowser();
const visits: Record<"first" | "later", number[][]> = { first: [], later: [] };
for (let round = 0; round < Number(values.rounds); round++) {
  const context = await browser.newContext();
  for (const taken of Object.values(visits)) {
    const page = await context.newPage();
    await page.goto(`${server.origin}/empty.html`);
    taken.push(await page.evaluate<number[]>(VISIT));
    await page.close();
  }
  await context.close();
}
await browser.close();
await server.close();

const rows = Object.entries(visits).map(([visit, taken]) => {
  const [load, firstResult, nextResult] = [0, 1, 2].map((part) =>
    median(taken.map((times) => times[part] ?? 0)),
  );
  return { visit, load, firstResult, nextResult };
});
if (values.json) console.log(JSON.stringify({ ...values, rows, ...machine() }));
else {
  console.log(
    `${values.model}, WebAssembly in Chromium, ${values.rounds} rounds, medians, ${machine().device}`,
  );
  for (const { visit, load = 0, firstResult = 0, nextResult = 0 } of rows)
    console.log(
      `${visit} visit: loaded after ${load.toFixed(0)} ms, labels ${firstResult.toFixed(0)} ms later, once more ${nextResult.toFixed(0)} ms`,
    );
}
process.exit(0);
