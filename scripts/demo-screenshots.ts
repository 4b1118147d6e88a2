/**
 * Takes the pictures of the demo in README and guides: `npm run build && npx vite build -c
 * demo/vite.config.ts && npx tsx scripts/demo-screenshots.ts`.
 *
 * Needs Chromium, at /usr/bin/chromium or where the variable CHROMIUM says. With a folder as its argument, it
 * also takes pictures of both views at other sizes and in the other color scheme, to be looked at.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { from, learn, openDemo, paintStrokes, prepareTeaching } from "./demo-flow.ts";

interface Look {
  readonly viewport: { readonly width: number; readonly height: number };
  readonly colorScheme: "light" | "dark";
}

const desktop = { viewport: { width: 1280, height: 900 }, colorScheme: "light" } as const;

const others = {
  phone: { viewport: { width: 390, height: 844 }, colorScheme: "dark" },
  wide: { viewport: { width: 1440, height: 900 }, colorScheme: "dark" },
  upright: { viewport: { width: 390, height: 844 }, colorScheme: "light" },
  "on-its-side": { viewport: { width: 844, height: 390 }, colorScheme: "light" },
  "at-200-percent": { viewport: { width: 720, height: 450 }, colorScheme: "dark" },
} as const satisfies Record<string, Look>;

await using demo = await openDemo();
await shootSegment(desktop, from("docs/demo-desktop.png"));
const [folder] = process.argv.slice(2);
if (folder !== undefined) {
  mkdirSync(folder, { recursive: true });
  for (const [name, look] of Object.entries(others)) {
    await shootSegment(look, join(folder, `segment-${name}.png`));
    await shootTeach(look, join(folder, `teach-${name}.png`));
  }
}

async function shootSegment(look: Look, path: string): Promise<void> {
  const page = await demo.open(look);
  await page.screenshot({ path });
  await page.close();
}

async function shootTeach(look: Look, path: string): Promise<void> {
  const page = await demo.open(look);
  await prepareTeaching(page);
  await paintStrokes(page);
  await learn(page);
  await page.evaluate("scrollTo(0, 0)");
  await page.screenshot({ path });
  await page.close();
}
