import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missingBrowser } from "./browser.ts";
import { type DemoPage, segmented, told, useDemo } from "./use-demo.ts";

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><rect width="40" height="30" fill="#ccc"/></svg>`;

/** Drops a drawing on the page as soon as it is there, and answers the question for models after that. */
const EARLY = `{
  const { fetch } = window;
  const dropped = new Promise((resolve) => addEventListener("load", () => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([${JSON.stringify(SVG)}], "drawing.svg", { type: "image/svg+xml" }));
    document.dispatchEvent(new DragEvent("drop", { dataTransfer }));
    resolve();
  }));
  window.fetch = async (address, ...rest) => {
    if (String(address).endsWith("manifest.json")) await dropped;
    return fetch(address, ...rest);
  };
}`;

/** Leaves a file of an earlier version in the cache. */
const EARLIER_VERSION = `caches.open("lightseg-demo").then((cache) =>
  cache.put("./assets/index-old.js", new Response("old")))`;
const KEPT = `caches.match("./assets/index-old.js").then(Boolean)`;

describe.skipIf(missingBrowser)(`the demo ${missingBrowser ?? ""}`, () => {
  const demo = useDemo();

  let shared: DemoPage;
  beforeAll(async () => {
    shared = await demo.open();
  });
  afterAll(() => shared?.[Symbol.asyncDispose]());

  it("segments its first example, and does so again when it is reloaded without a network", async () => {
    await using opened = await demo.open({ script: EARLIER_VERSION });
    const { page, faults } = opened;
    await page.evaluate("navigator.serviceWorker.ready.then(() => undefined)");
    await expect.poll(() => page.evaluate(KEPT), { timeout: 20_000 }).toBe(false);

    await page.context().setOffline(true);
    await page.reload();
    await segmented(page);
    expect(await page.evaluate("crossOriginIsolated")).toBe(true);
    expect(await page.locator("#canvas").getAttribute("aria-label")).toMatch(/^Segmented picture: .*cat/);
    // Another photo, which was not looked at before.
    await page.getByRole("button", { name: "Example: coffee" }).click();
    await segmented(page, "600 x 400");
    expect(faults).toEqual([]);
  });

  it("waits with what is opened before the models are listed, and opens no example then", async () => {
    await using opened = await demo.open({ script: EARLY });
    const { page, faults } = opened;
    expect(await told(page, / pixels: /)).toMatch(/^40 x 30/);
    await page.locator("#examples img").first().waitFor();
    expect(await page.evaluate("[canvas.width, canvas.height]")).toEqual([40, 30]);
    expect(faults).toEqual([]);
  });

  it("opens what the browser can, and names the format of what it cannot", async () => {
    const { page, faults } = shared;
    const choose = (name: string, mimeType: string, buffer: Buffer) =>
      page.locator("#file").setInputFiles({ name, mimeType, buffer });
    const photo = await readFile(new URL("../../examples/astronaut.jpg", import.meta.url));

    await choose("cut.jpg", "image/jpeg", photo.subarray(0, photo.length / 2));
    await segmented(page, "512 x 512");
    // Chosen once more, it would be no change of an input that still has it.
    expect(await page.locator("#file").inputValue()).toBe("");
    await choose("IMG_1.heic", "image/heic", Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic", "latin1"));
    expect(await told(page, /IMG_1/)).toBe(
      "“IMG_1.heic” is a HEIC photo, which this browser does not open. Save it as JPEG or PNG first.",
    );
    await choose("broken.png", "image/png", Buffer.from("\x89PNG\r\n\x1a\n", "latin1"));
    expect(await told(page, /broken/)).toMatch(/“broken.png” is a PNG that is damaged/);
    await choose("empty.jpg", "image/jpeg", Buffer.alloc(0));
    expect(await told(page, /empty/)).toMatch(/is empty/);
    await choose("clip.avi", "video/x-msvideo", Buffer.from("RIFF"));
    expect(await told(page, /cannot play/)).toMatch(/“clip.avi” \(video\/x-msvideo\)/);

    // The last good picture is still in charge.
    expect(await page.evaluate("[canvas.width, canvas.height]")).toEqual([512, 512]);
    await page.getByRole("combobox", { name: "Precision" }).selectOption("int8");
    await segmented(page, "512 x 512");
    expect(faults).toEqual([]);
    await choose("drawing.svg", "image/svg+xml", Buffer.from(SVG));
    await segmented(page, "40 x 30");
  });

  it("keeps chosen classes when looks and models change, and drops those that are not in the picture", async () => {
    const { page } = shared;
    await showCat(page);
    const cat = page.getByRole("button", { name: /^cat/ });
    await cat.click();
    await page.getByRole("combobox", { name: "Effect" }).selectOption("cutout");
    await page.getByRole("combobox", { name: "Precision" }).selectOption("fp32");
    await told(page, /Loading/);
    await segmented(page);
    expect(await cat.getAttribute("aria-pressed")).toBe("true");

    // Its row goes while it has the focus.
    await cat.focus();
    await drop(page, "footer", SVG);
    await segmented(page, "40 x 30");
    expect(await page.locator("#legend [aria-pressed=true]").count()).toBe(0);
    expect(await page.locator("#hint").innerText()).toBe(
      "Nothing to keep: the model finds only background in the picture.",
    );
    await page.getByRole("combobox", { name: "Effect" }).selectOption("overlay");
    expect(await page.locator("#hint").isVisible()).toBe(false);
  });

  it("paints classes but the background, cuts out with soft edges, and puts another background in", async () => {
    const { page } = shared;
    await showCat(page);
    const effect = page.getByRole("combobox", { name: "Effect" });
    await page.getByRole("slider", { name: /Before and after/ }).press("Home");
    // Near the right edge, and on the cat's forehead.
    const pixels = () =>
      page.evaluate<number[][]>(`[[445, 150], [200, 60]].map(([x, y]) =>
      [...canvas.getContext("2d").getImageData(x, y, 1, 1).data])`);
    const [plain, painted] = await pixels();
    await page.locator("#opacity").fill("0");
    const [bare, fur] = await pixels();
    expect(plain).toEqual(bare);
    expect(painted).not.toEqual(fur);

    await effect.selectOption("blur");
    expect(
      await page.evaluate(`canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
        .data.every((value, at) => at % 4 !== 3 || value === 255)`),
    ).toBe(true);
    await effect.selectOption("cutout");
    const [outside = 255, inside = 0] = (await pixels()).map(([, , , alpha]) => alpha);
    expect(outside).toBeLessThan(4);
    expect(inside).toBeGreaterThan(251);
    const between =
      await page.evaluate(`canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
      .data.filter((value, at) => at % 4 === 3 && value > 20 && value < 235).length`);
    expect(between).toBeGreaterThan(500);
    await effect.selectOption("replace");
    await page.getByLabel("Color", { exact: true }).fill("#ff8800");
    for (const [index, found] of (await pixels()).entries())
      for (const [channel, value] of ([[255, 136, 0, 255], fur][index] ?? []).entries())
        expect(Math.abs((found[channel] ?? -1) - value)).toBeLessThan(4);
    await page.locator("#backdrop-file").setInputFiles({
      name: "gray.svg",
      mimeType: "image/svg+xml",
      buffer: Buffer.from(SVG),
    });
    await page.waitForFunction(
      `Math.abs(canvas.getContext("2d").getImageData(445, 150, 1, 1).data[0] - 0xcc) < 4`,
    );
  });

  it("says in plain words what models know and where they run", async () => {
    const { page } = shared;
    await showCat(page);
    expect(await page.locator("#model option").allInnerTexts()).toEqual(
      expect.arrayContaining(["Animals, people and things", "Streets", "Streets, small and fast"]),
    );
    expect(await page.locator("#facts").innerText()).toBe("Running on the CPU: no GPU found.");
    await page.getByRole("combobox", { name: "Frames" }).selectOption("25");
    // 0.8 of a frame's 40 ms are the network's.
    await page.getByText(/^Running on the CPU: no GPU found. (To keep the|The) budget of 32 ms/).waitFor();
    await page.getByRole("combobox", { name: "Frames" }).selectOption("");
    await page.getByText(/^Running on the CPU: no GPU found.$/).waitFor();
    expect(await page.locator("#examples img").count()).toBe(3);
    await page.locator("#model").selectOption({ label: "Streets, small and fast" });
    await told(page, /building/);
    const examples = await page
      .locator("#examples img")
      .evaluateAll((all) => all.map((img) => img.outerHTML));
    expect(examples).toEqual([expect.stringContaining("Example: camera")]);
    await page.getByRole("button", { name: "Run benchmark" }).click();
    await page.getByText("frames a second").waitFor();
    expect(await page.locator("#benchmark ~ [role=status]").innerText()).toBe("Done.");
  });

  it.each([
    ["a phone", 390, 844],
    ["a phone on its side", 844, 390],
    ["a window at 200 %", 720, 450],
    ["a wide window", 1440, 900],
  ])("fills the stage and keeps the sources in view on %s", async (_, width, height) => {
    const { page } = shared;
    await page.setViewportSize({ width, height });
    for (const [view, names] of [
      ["Teach", ["Eraser", "Add photos or a clip…"]],
      ["Segment", ["Camera", "Photo or clip…"]],
    ] as const) {
      await page.getByRole("button", { name: view, exact: true }).click();
      await page.evaluate("scrollTo(0, document.body.scrollHeight)");
      const main = page.getByRole("main");
      for (const name of names)
        expect(await isInView(page, main.getByText(name, { exact: true })), name).toBe(true);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    }
    const ratio = await page.evaluate<number>("canvas.width / canvas.height");
    const box = await page.locator("#canvas").boundingBox();
    if (!box) throw new Error("the canvas is shown");
    expect(box.width / box.height).toBeCloseTo(ratio, 1);
    const column = await page.locator("#segment .stage").boundingBox();
    // As wide as its column, or as high as there is room above the sources.
    expect(Math.max(box.width / (column?.width ?? 0), box.height / (0.55 * height))).toBeGreaterThan(0.99);
  });
});

async function showCat(page: Page): Promise<void> {
  // Off the classes, which would stand out under it.
  await page.mouse.move(5, 5);
  await page.getByRole("combobox", { name: "Effect" }).selectOption("overlay");
  await page
    .locator("#file")
    .setInputFiles(fileURLToPath(new URL("../../examples/chelsea.jpg", import.meta.url)));
  await segmented(page, "451 x 300");
}

async function isInView(page: Page, part: Locator): Promise<boolean> {
  const box = await part.boundingBox();
  const size = page.viewportSize();
  if (!box || !size) return false;
  const { x, y, width, height } = box;
  return x >= 0 && y >= 0 && x + width <= size.width && y + height <= size.height;
}

/** Drops an SVG on an element. */
async function drop(page: Page, selector: string, svg: string): Promise<void> {
  const dataTransfer = await page.evaluateHandle(`(() => {
    const data = new DataTransfer();
    data.items.add(new File([${JSON.stringify(svg)}], "drawing.svg", { type: "image/svg+xml" }));
    return data;
  })()`);
  await page.dispatchEvent(selector, "drop", { dataTransfer });
}
