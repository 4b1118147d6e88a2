import { encodeIndexedPng } from "../../src/images/mask.ts";
import { DEFAULT_MODEL, listModels, type Segmentation } from "../../src/web.ts";
import { runBenchmark } from "./benchmark.ts";
import { openCamera, openClip } from "./camera.ts";
import { segmentClip } from "./clip.ts";
import { makeDivider } from "./divider.ts";
import { Legend } from "./legend.ts";
import { type Choice, Models } from "./models.ts";
import { part, say, sayError, showProgress } from "./page.ts";
import { type Effect, type Look, Painter } from "./painter.ts";
import { canvasPng, saveFile } from "./save.ts";

const examples = ["chelsea", "astronaut", "coffee", "camera"];

const canvas = part("canvas", HTMLCanvasElement);
const effect = part("effect", HTMLSelectElement);
const opacity = part("opacity", HTMLInputElement);
const smoothing = part("smoothing", HTMLInputElement);
const modelSelect = part("model", HTMLSelectElement);
const deviceSelect = part("device", HTMLSelectElement);
const dtypeSelect = part("dtype", HTMLSelectElement);
const cameraButton = part("camera", HTMLButtonElement);
const clipButton = part("save-clip", HTMLButtonElement);
const result = part("result", HTMLElement);
const copyButton = part("copy", HTMLButtonElement);

const models = new Models();
const painter = new Painter(canvas);
const chosen = new Set<number>();
let highlighted: number | undefined;
let before = 0;

/** What is on the canvas: a picture and what was found in it. */
let shown: { picture: CanvasImageSource; segmentation: Segmentation } | undefined;
/** What is being segmented: a photo once, a video frame by frame until it is stopped. */
let source: { kind: "photo"; file: Blob } | { kind: "clip"; file: Blob } | { kind: "camera" } | undefined;
let running = new AbortController();

const legend = new Legend(part("legend", HTMLElement), {
  onHighlight(label) {
    highlighted = label;
    repaint();
  },
  onChoose(label) {
    if (!chosen.delete(label)) chosen.add(label);
    repaint();
  },
});

function look(): Look {
  return { effect: effect.value as Effect, opacity: Number(opacity.value), highlighted, chosen, before };
}

function repaint(): void {
  if (!shown) return;
  painter.paint(shown.picture, shown.segmentation, look());
  legend.update(shown.segmentation, chosen);
}

function show(picture: CanvasImageSource, segmentation: Segmentation): void {
  shown = { picture, segmentation };
  part("hint", HTMLElement).hidden = true;
  const names = segmentation.found
    .slice(0, 4)
    .map(({ name, share }) => `${name} ${Math.round(100 * share)} %`);
  canvas.setAttribute("aria-label", `Segmented picture: ${names.join(", ")}`);
  repaint();
}

function choice(): Choice {
  return {
    model: modelSelect.value,
    device: deviceSelect.value as Choice["device"],
    dtype: dtypeSelect.value as Choice["dtype"],
  };
}

/** Begins anew with a source, in place of what runs. */
async function begin(next: typeof source): Promise<void> {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  source = next;
  cameraButton.setAttribute("aria-pressed", String(next?.kind === "camera"));
  clipButton.hidden = next?.kind !== "clip";
  try {
    if (next?.kind === "photo") await showPhoto(next.file, signal);
    else if (next?.kind === "clip") await live(await openClip(next.file), signal);
    else if (next?.kind === "camera") await live(await openCamera(), signal);
  } catch (error) {
    if (!signal.aborted) sayError(error);
  }
}

async function showPhoto(file: Blob, signal: AbortSignal): Promise<void> {
  const picture = await createImageBitmap(file).catch((cause: unknown) => {
    throw new Error("This file is no photo that the browser can read.", { cause });
  });
  const segmenter = await models.get(choice());
  say("Segmenting…");
  const segmentation = await segmenter.segment(picture);
  if (signal.aborted) return;
  show(picture, segmentation);
  showTiming(segmentation, undefined);
  part("facts", HTMLElement).textContent = `${segmenter.dtype}. ${segmenter.deviceNote}.`;
  say(describe(segmentation));
}

async function live({ video, stop }: { video: HTMLVideoElement; stop(): void }, signal: AbortSignal) {
  try {
    signal.throwIfAborted();
    const segmenter = await models.get(choice());
    say("Running.");
    let last = performance.now();
    let rate: number | undefined;
    for await (const { segmentation, frame } of segmenter.stream(video, {
      signal,
      smoothing: Number(smoothing.value),
    })) {
      show(frame, segmentation);
      const now = performance.now();
      const current = 1000 / (now - last);
      rate = rate === undefined ? current : 0.9 * rate + 0.1 * current;
      last = now;
      showTiming(segmentation, rate);
    }
  } finally {
    stop();
  }
}

function describe({ found, width, height }: Segmentation): string {
  return `${width} x ${height} pixels: ${found.map(({ name }) => name).join(", ")}.`;
}

function showTiming({ timing }: Segmentation, rate: number | undefined): void {
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  const rows: [string, string][] = [
    ["before the network", ms(timing.preprocess)],
    ["network", ms(timing.inference)],
    ["after it", ms(timing.postprocess)],
    ...(rate === undefined ? [] : [["frames a second", rate.toFixed(1)] satisfies [string, string]]),
  ];
  const cells = rows.flatMap(([name, value]) => [cell("dt", name), cell("dd", value)]);
  part("timing", HTMLElement).replaceChildren(...cells);
}

function cell(name: string, text: string): HTMLElement {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function openFile(file: File | undefined): void {
  if (!file) return;
  void begin(file.type.startsWith("video/") ? { kind: "clip", file } : { kind: "photo", file });
}

async function openExample(name: string): Promise<void> {
  const answer = await fetch(`${name}.jpg`);
  if (!answer.ok) throw new Error(`The example photo could not be loaded (${answer.status}).`);
  await begin({ kind: "photo", file: await answer.blob() });
}

async function saveClip(): Promise<void> {
  if (source?.kind !== "clip") return;
  const { file } = source;
  running.abort();
  running = new AbortController();
  const segmenter = await models.get(choice());
  say("Segmenting every frame of the clip…");
  const clip = await segmentClip(file, {
    signal: running.signal,
    onProgress: showProgress,
    async draw(frame) {
      const picture = await createImageBitmap(frame);
      show(picture, await segmenter.segment(picture));
      return canvas;
    },
  }).finally(() => showProgress(undefined));
  saveFile(clip, "lightseg.mp4");
  say(`Saved, ${(clip.size / 1e6).toFixed(1)} MB.`);
}

/** A click whose work may fail. */
function onClick(button: HTMLButtonElement, work: () => Promise<void>): void {
  button.addEventListener("click", () => {
    button.disabled = true;
    work()
      .catch(sayError)
      .finally(() => {
        button.disabled = false;
      });
  });
}

function connect(): void {
  makeDivider(part("divider", HTMLElement), canvas, (share) => {
    before = share;
    repaint();
  });
  for (const control of [effect, opacity]) control.addEventListener("input", repaint);
  for (const control of [modelSelect, deviceSelect, dtypeSelect, smoothing])
    control.addEventListener("change", () => {
      chosen.clear();
      void begin(source);
    });
  cameraButton.addEventListener("click", () => {
    void begin(source?.kind === "camera" ? undefined : { kind: "camera" });
  });
  const file = part("file", HTMLInputElement);
  file.addEventListener("change", () => openFile(file.files?.[0]));
  const drop = part("drop", HTMLElement);
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    openFile(event.dataTransfer?.files[0]);
  });
  document.addEventListener("paste", (event) => openFile(event.clipboardData?.files[0]));
  part("examples", HTMLElement).append(...examples.map(exampleButton));
  onClick(part("save-picture", HTMLButtonElement), async () =>
    saveFile(await canvasPng(canvas), "lightseg.png"),
  );
  onClick(part("save-labels", HTMLButtonElement), async () => {
    if (!shown) return;
    const { width, height, labels, palette } = shown.segmentation;
    const png = encodeIndexedPng({ width, height, data: labels }, palette);
    saveFile(new Blob([Uint8Array.from(png)], { type: "image/png" }), "labels.png");
  });
  onClick(clipButton, saveClip);
  onClick(part("benchmark", HTMLButtonElement), async () => {
    const segmenter = await models.get(choice());
    const text = await runBenchmark(segmenter, {
      model: modelSelect.value,
      onProgress: showProgress,
    }).finally(() => showProgress(undefined));
    result.textContent = text;
    result.hidden = false;
    copyButton.hidden = false;
  });
  onClick(copyButton, () => navigator.clipboard.writeText(result.textContent ?? ""));
}

function exampleButton(name: string): HTMLElement {
  const button = document.createElement("button");
  button.type = "button";
  const image = document.createElement("img");
  image.src = `${name}.jpg`;
  image.alt = `Example: ${name}`;
  button.append(image);
  button.addEventListener("click", () => {
    openExample(name).catch(sayError);
  });
  return button;
}

/** For times without a network, and for threads on hosts without headers; without it the page works as any other. */
async function registerServiceWorker(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register("./service-worker.js").catch(console.warn);
}

async function start(): Promise<void> {
  connect();
  await registerServiceWorker();
  const names = await listModels();
  modelSelect.replaceChildren(
    ...names.map((name) => new Option(name, name, name === DEFAULT_MODEL, name === DEFAULT_MODEL)),
  );
  if (!("gpu" in navigator)) say("This browser has no WebGPU; WebAssembly does the work.");
  await openExample(examples[0] ?? "");
}

start().catch(sayError);
