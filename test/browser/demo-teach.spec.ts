import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { unzipSync } from "fflate";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { custom } from "../../src/datasets/custom.ts";
import { loadModel } from "../../src/model-files/node/load.ts";
import { readOnnxMetadata } from "../../src/weights/onnx.ts";
import { missingBrowser } from "./browser.ts";
import { findBarriers, segmented, useDemo } from "./use-demo.ts";

const cat = fileURLToPath(new URL("../../examples/chelsea.jpg", import.meta.url));

/** A camera that sees a red square. */
const CAMERA = `navigator.mediaDevices.getUserMedia = async () => {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  setInterval(() => {
    context.fillStyle = "red";
    context.fillRect(0, 0, 160, 120);
  }, 50);
  return canvas.captureStream(10);
};`;

type Place = readonly [x: number, y: number];

describe.skipIf(missingBrowser)(`teaching in the demo ${missingBrowser ?? ""}`, () => {
  const demo = useDemo();
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lightseg-teach-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("learns from strokes, is used, found again after a reload, and exported as a data set", async () => {
    await using opened = await demo.open({ query: "?steps=6", hasTouch: true, script: CAMERA });
    const { page, faults } = opened;
    expect(await findBarriers(page)).toEqual([]);
    // Nothing was taught in the first visit.
    await page.evaluate("navigator.serviceWorker.ready.then(() => undefined)");
    await page.context().setOffline(true);
    await page.reload();
    await segmented(page);
    await page.getByRole("button", { name: "Teach", exact: true }).click();
    await page.getByRole("button", { name: "Learn" }).click();
    await page.getByText(/Paint some strokes for “background” and “thing” first/).waitFor();
    // Larger than what the network sees.
    const large = join(folder, "large.jpg");
    await sharp(cat).resize(700).toFile(large);
    await page.locator("#teach-file").setInputFiles(large);
    await page.getByRole("button", { name: "Picture 1", exact: true }).waitFor();
    await page.getByRole("button", { name: "Camera", exact: true }).click();
    await page.getByRole("button", { name: "Take this picture" }).click();
    await page.getByRole("button", { name: "Close" }).click();
    const focused = () => page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.id");
    expect(await focused()).toBe("teach-camera");
    await page.getByRole("button", { name: "Picture 1", exact: true }).click();
    expect(await focused()).toBe("Picture 1");

    await page.getByRole("textbox", { name: "Name of class 2" }).fill("cat: big");
    await page.keyboard.press("Enter");
    await stroke(page, [0.2, 0.5], [0.6, 0.6]);
    await page.keyboard.press("1");
    await stroke(page, [0.95, 0.1], [0.95, 0.9]);
    // A stroke too much, which is undone, done again and wiped away.
    await stroke(page, [0.3, 0.2], [0.35, 0.2]);
    await page.keyboard.press("Control+z");
    expect(await colorAt(page, [0.32, 0.2])).not.toEqual(await colorAt(page, [0.95, 0.5]));
    await page.keyboard.press("Control+Shift+z");
    await page.keyboard.press("e");
    await page.keyboard.press("]");
    await stroke(page, [0.25, 0.2], [0.4, 0.2]);
    // A class that is taken away takes its strokes along.
    await page.getByRole("button", { name: "Add a class" }).click();
    await stroke(page, [0.6, 0.85], [0.7, 0.85]);
    const painted = await colorAt(page, [0.65, 0.85]);
    await page.getByRole("button", { name: "Remove class 3" }).click();
    expect(await focused()).toBe("2: paint cat: big");
    expect(await colorAt(page, [0.65, 0.85])).not.toEqual(painted);
    // Two fingers enlarge the picture and paint nothing.
    await pinch(page);
    expect(
      await page.evaluate("Number.parseFloat(document.getElementById('teach-canvas').style.width)"),
    ).toBe(200);
    await page.keyboard.press("0");
    expect(await findBarriers(page)).toEqual([]);

    await page.getByRole("button", { name: "Learn" }).click();
    await page.getByText(/^Learned/).waitFor();
    expect(await page.locator("#curve").getAttribute("aria-label")).toMatch(/^Loss: .* at first/);
    expect(await page.locator("#held-out-canvas").isVisible()).toBe(true);
    // The preview covers all of the picture.
    const covered = await colorAt(page, [0.98, 0.98]);
    await page.getByRole("checkbox", { name: "Show what it finds" }).uncheck();
    await expect.poll(() => colorAt(page, [0.98, 0.98])).not.toEqual(covered);
    await page.getByRole("button", { name: "Use it" }).click();
    await segmented(page);
    expect(await page.locator("#model option:checked").innerText()).toBe("Taught: background, cat: big");
    expect(await page.locator("#canvas").getAttribute("aria-label")).toMatch(
      /^Segmented picture: (background|cat: big)/,
    );

    await page.reload();
    await segmented(page);
    await page.getByRole("button", { name: "Teach", exact: true }).click();
    await page.locator("#thumbs .painted").waitFor();
    expect(await page.locator("#thumbs li").count()).toBe(2);
    expect(await page.getByRole("button", { name: "Use it" }).isEnabled()).toBe(true);
    const written = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save as ONNX" }).click();
    const onnx = await readFile(await (await written).path());
    expect(JSON.parse(readOnnxMetadata(onnx, "taught.onnx").classes ?? "")).toEqual([
      "background",
      "cat: big",
    ]);
    const saved = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save as a data set" }).click();
    await unzip(await (await saved).path(), folder);
    expect(faults).toEqual([]);

    const train = await custom.open(folder, "train");
    expect(train.labels.classes).toEqual(["background", "cat: big"]);
    const { photo, labels } = await train.load(0);
    expect([photo.width, photo.height]).toEqual([700, 466]);
    const at = ([x, y]: Place) => labels.data[Math.round(y * 466) * 700 + Math.round(x * 700)];
    expect([at([0.4, 0.55]), at([0.95, 0.5])]).toEqual([1, 0]);
    expect([at([0.32, 0.2]), at([0.65, 0.85]), at([0.6, 0.2])]).toEqual([255, 255, 255]);
    expect(new Set(labels.data)).toEqual(new Set([0, 1, 255]));
    const model = await loadModel({ model: join(folder, "model.safetensors") });
    expect(model.classes).toEqual(["background", "cat: big"]);
  });

  it("ends with what it learns from when that is forgotten", async () => {
    await using opened = await demo.open({ query: "?steps=500" });
    const { page, faults } = opened;
    await page.getByRole("button", { name: "Teach", exact: true }).click();
    await page.locator("#teach-file").setInputFiles(cat);
    await page.getByRole("button", { name: "Picture 1", exact: true }).waitFor();
    await stroke(page, [0.2, 0.5], [0.6, 0.6]);
    await page.keyboard.press("1");
    await stroke(page, [0.95, 0.1], [0.95, 0.9]);
    await page.getByRole("button", { name: "Learn" }).click();
    await page.getByText(/^Learning: step/).waitFor();
    page.once("dialog", (dialog) => void dialog.accept());
    await page.getByRole("button", { name: "Start anew" }).click();
    await page.getByText("Canceled.").waitFor();
    await expect.poll(() => page.locator("#thumbs li").count()).toBe(0);
    expect(await page.getByRole("button", { name: "Use it" }).isDisabled()).toBe(true);
    expect(faults).toEqual([]);
  });

  it("is kept by the tab that had it open first", async () => {
    await using opened = await demo.open({ query: "?steps=6" });
    const { page, faults } = opened;
    const showPanel = async (tab: Page) => {
      await segmented(tab);
      await tab.getByRole("button", { name: "Teach", exact: true }).click();
      await tab.getByRole("textbox", { name: "Name of class 2" }).waitFor();
    };
    const rename = async (tab: Page, name: string) => {
      await tab.getByRole("textbox", { name: "Name of class 2" }).fill(name);
      await tab.keyboard.press("Enter");
    };
    const isElsewhere = (tab: Page) => tab.getByText("Another tab has this work open").isVisible();
    await showPanel(page);
    await rename(page, "leaf");
    const second = await page.context().newPage();
    await second.goto(page.url());
    await showPanel(second);
    await second.getByText("Another tab has this work open").waitFor();
    expect(await second.getByRole("textbox", { name: "Name of class 2" }).inputValue()).toBe("leaf");
    await rename(second, "stone");
    expect(await isElsewhere(page)).toBe(false);
    await page.close();
    await second.reload();
    await showPanel(second);
    await expect
      .poll(() => second.getByRole("textbox", { name: "Name of class 2" }).inputValue())
      .toBe("leaf");
    expect(await isElsewhere(second)).toBe(false);
    expect(faults).toEqual([]);
  });
});

/** Screen coordinates of a place on the picture, given in shares of its sides. */
async function onScreen(page: Page, [x, y]: Place): Promise<{ x: number; y: number }> {
  const box = await page.locator("#teach-canvas").boundingBox();
  if (!box) throw new Error("the picture is shown");
  return { x: box.x + x * box.width, y: box.y + y * box.height };
}

async function stroke(page: Page, from: Place, to: Place): Promise<void> {
  const [start, end] = [await onScreen(page, from), await onScreen(page, to)];
  await page.mouse.move(start.x, start.y);
  await page.mouse.down();
  await page.mouse.move(end.x, end.y, { steps: 4 });
  await page.mouse.up();
}

function colorAt(page: Page, [x, y]: Place): Promise<number[]> {
  return page.evaluate(`new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => {
    const canvas = document.getElementById("teach-canvas");
    const place = [${x} * canvas.width, ${y} * canvas.height];
    resolve([...canvas.getContext("2d").getImageData(...place, 1, 1).data]);
  })))`);
}

/** Two fingers move apart, to twice the distance. */
async function pinch(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const middle = await onScreen(page, [0.5, 0.4]);
  const fingers = (apart: number) => [
    { x: middle.x - apart / 2, y: middle.y, id: 1 },
    { x: middle.x + apart / 2, y: middle.y, id: 2 },
  ];
  const touch = (type: "touchStart" | "touchMove" | "touchEnd", touchPoints: ReturnType<typeof fingers>) =>
    session.send("Input.dispatchTouchEvent", { type, touchPoints });
  await touch("touchStart", fingers(80).slice(0, 1));
  await touch("touchStart", fingers(80));
  await touch("touchMove", fingers(160));
  await touch("touchEnd", []);
}

async function unzip(path: string, to: string): Promise<void> {
  for (const [name, bytes] of Object.entries(unzipSync(await readFile(path)))) {
    await mkdir(dirname(join(to, name)), { recursive: true });
    await writeFile(join(to, name), bytes);
  }
}
