/**
 * Takes the pictures of the demo in README and guides: `npm run build && npx vite build -c
 * demo/vite.config.ts && npx tsx scripts/demo-screenshots.ts`.
 *
 * Needs Chromium, at /usr/bin/chromium or where the variable CHROMIUM says. With a folder as its argument, it
 * also takes pictures of both views at other sizes and in the other color scheme, to be looked at.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { preview } from "vite";

const from = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const address = "http://localhost:4199/";

interface Look {
  readonly viewport: { readonly width: number; readonly height: number };
  readonly colorScheme: "light" | "dark";
}

const shown = {
  desktop: { viewport: { width: 1280, height: 900 }, colorScheme: "light" },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: "dark" },
} as const satisfies Record<string, Look>;

const others = {
  wide: { viewport: { width: 1440, height: 900 }, colorScheme: "dark" },
  upright: { viewport: { width: 390, height: 844 }, colorScheme: "light" },
  "on-its-side": { viewport: { width: 844, height: 390 }, colorScheme: "light" },
  "at-200-percent": { viewport: { width: 720, height: 450 }, colorScheme: "dark" },
} as const satisfies Record<string, Look>;

type Place = readonly [x: number, y: number];

/** Key of the class, beginning and end in shares of the picture's sides. */
const strokes: readonly (readonly [string, Place, Place])[] = [
  ["2", [0.4, 0.15], [0.55, 0.4]],
  ["2", [0.42, 0.5], [0.55, 0.55]],
  ["2", [0.5, 0.03], [0.64, 0.2]],
  ["3", [0.28, 0.75], [0.55, 0.92]],
  ["3", [0.76, 0.5], [0.72, 0.7]],
  ["1", [0.05, 0.1], [0.05, 0.9]],
  ["1", [0.1, 0.1], [0.28, 0.15]],
  ["1", [0.93, 0.1], [0.95, 0.9]],
];

const server = await preview({ configFile: from("demo/vite.config.ts"), preview: { port: 4199 } });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
await shootSegment(browser, shown.desktop, from("docs/demo-desktop.png"));
await shootSegment(browser, shown.phone, from("docs/demo-phone.png"));
await shootTeach(browser, shown.desktop, from("docs/demo-teach.png"));
const [folder] = process.argv.slice(2);
if (folder !== undefined) {
  mkdirSync(folder, { recursive: true });
  for (const [name, look] of Object.entries(others)) {
    await shootSegment(browser, look, join(folder, `segment-${name}.png`));
    await shootTeach(browser, look, join(folder, `teach-${name}.png`));
  }
}
await browser.close();
await server.close();

async function open(browser: Browser, look: Look): Promise<Page> {
  const page = await browser.newPage(look);
  page.setDefaultTimeout(300_000);
  await page.goto(`${address}?steps=40`);
  await page.getByText(/pixels: /).waitFor();
  return page;
}

async function shootSegment(browser: Browser, look: Look, path: string): Promise<void> {
  const page = await open(browser, look);
  await page.screenshot({ path });
  await page.close();
}

/** Teaches a cup and its saucer by a stroke or two on each. */
async function shootTeach(browser: Browser, look: Look, path: string): Promise<void> {
  const page = await open(browser, look);
  await page.getByRole("button", { name: "Teach", exact: true }).click();
  const photos = ["coffee", "chelsea"].map((name) => from(`examples/${name}.jpg`));
  await page.locator("#teach-file").setInputFiles(photos);
  await page.getByRole("button", { name: "Picture 2", exact: true }).waitFor();
  await page.getByRole("button", { name: "Picture 1", exact: true }).click();
  await page.getByRole("button", { name: "Add a class" }).click();
  for (const [label, name] of ["table", "cup", "saucer"].entries()) {
    const box = page.getByRole("textbox", { name: `Name of class ${label + 1}` });
    await box.fill(name);
    await box.press("Enter");
  }
  for (const [key, start, end] of strokes) {
    await page.keyboard.press(key);
    const box = await page.locator("#teach-canvas").boundingBox();
    if (!box) throw new Error("the picture is not shown");
    const place = ([x, y]: Place) => [box.x + x * box.width, box.y + y * box.height] as const;
    await page.mouse.move(...place(start));
    await page.mouse.down();
    await page.mouse.move(...place(end), { steps: 8 });
    await page.mouse.up();
  }
  await page.getByRole("button", { name: "Learn" }).click();
  await page.getByText(/^Learned/).waitFor();
  await page.evaluate("scrollTo(0, 0)");
  await page.screenshot({ path });
  await page.close();
}
