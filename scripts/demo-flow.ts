/** Opens the built demo in Chromium, and goes through its Teach panel, for pictures and the clip. */
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { preview } from "vite";

/** A file of the repository. */
export const from = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

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

export interface OpenedDemo extends AsyncDisposable {
  /** The demo when it has segmented its first example. @param query of its address, such as `?steps=40` */
  open(look: BrowserContextOptions, query?: string): Promise<Page>;
}

/** Serves the demo, and starts Chromium, at /usr/bin/chromium or where the variable CHROMIUM says. */
export async function openDemo(): Promise<OpenedDemo> {
  const server = await preview({ configFile: from("demo/vite.config.ts"), preview: { port: 0 } });
  const browser: Browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  return {
    async open(look, query = "?steps=40") {
      const page = await browser.newPage(look);
      page.setDefaultTimeout(300_000);
      await page.goto(`${server.resolvedUrls?.local[0]}${query}`);
      await page.getByText(/pixels: /).waitFor();
      return page;
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await server.close();
    },
  };
}

/** Opens pictures in the Teach panel, and names three classes. The first picture is there to be painted. */
export async function prepareTeaching(
  page: Page,
  photos = ["coffee", "chelsea"].map((name) => from(`examples/${name}.jpg`)),
): Promise<void> {
  await page.getByRole("button", { name: "Teach", exact: true }).click();
  await page.locator("#teach-file").setInputFiles(photos);
  await page.getByRole("button", { name: `Picture ${photos.length}`, exact: true }).waitFor();
  await choosePicture(page, 1);
  await page.getByRole("button", { name: "Add a class" }).click();
  for (const [label, name] of ["table", "cup", "saucer"].entries()) {
    const box = page.getByRole("textbox", { name: `Name of class ${label + 1}` });
    await box.fill(name);
    await box.press("Enter");
  }
}

/** @param number from 1 */
export function choosePicture(page: Page, number: number): Promise<void> {
  return page.getByRole("button", { name: `Picture ${number}`, exact: true }).click();
}

/** Paints a stroke or two on table, cup and saucer. @param pause milliseconds from point to point */
export async function paintStrokes(page: Page, pause = 0): Promise<void> {
  for (const [key, start, end] of strokes) {
    await page.keyboard.press(key);
    const box = await page.locator("#teach-canvas").boundingBox();
    if (!box) throw new Error("the picture is not shown");
    const moveTo = ([x, y]: Place) => page.mouse.move(box.x + x * box.width, box.y + y * box.height);
    await moveTo(start);
    await page.mouse.down();
    for (let step = 1; step <= STEPS; step++) {
      await moveTo([along(start[0], end[0], step), along(start[1], end[1], step)]);
      await page.waitForTimeout(pause);
    }
    await page.mouse.up();
  }
}

/** Presses Learn, and waits for the model. */
export async function learn(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Learn" }).click();
  await page.getByText(/^Learned/).waitFor();
}

/** Points of a stroke. */
const STEPS = 8;

function along(start: number, end: number, step: number): number {
  return start + ((end - start) * step) / STEPS;
}
