import {
  DEFAULT_MODEL,
  type Look,
  listModels,
  renderLabels,
  type Segmentation,
  SegmentationPainter,
  type Segmenter,
  type Timing,
} from "../../src/web.ts";
import { runBenchmark } from "./benchmark.ts";
import { openCamera, openClip } from "./camera.ts";
import { segmentClip } from "./clip.ts";
import { makeDivider } from "./divider.ts";
import { Legend } from "./legend.ts";
import { makeLook, type Settings } from "./look.ts";
import { type Choice, Models } from "./models.ts";
import { part, say, sayError, showProgress } from "./page.ts";
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
const painter = new SegmentationPainter(canvas);
const chosen = new Set<number>();
let highlighted: number | undefined;
let before = 0;

/**
 * What is on the canvas: a picture and what was found in it. Frames of a video are painted where they are
 * segmented.
 */
let shown: { picture: CanvasImageSource; segmentation: Segmentation } | undefined;
/** What is played, and by whom it is segmented. */
let playing: { video: HTMLVideoElement; segmenter: Segmenter } | undefined;
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

function look(classes: number): Look {
  const chosenEffect = effect.value as Settings["effect"];
  return makeLook(
    { effect: chosenEffect, opacity: Number(opacity.value), highlighted, chosen, before },
    classes,
  );
}

function repaint(): void {
  if (!shown) return;
  const { picture, segmentation } = shown;
  painter.paint(picture, segmentation, look(segmentation.classes.length));
  legend.update(segmentation.found, chosen);
}

function show(picture: CanvasImageSource, segmentation: Segmentation): void {
  shown = { picture, segmentation };
  nameCanvas(segmentation.found);
  repaint();
}

/** A frame that was painted already. */
function showFrame(picture: ImageBitmap, found: Segmentation["found"]): void {
  shown = undefined;
  nameCanvas(found);
  if (canvas.width !== picture.width || canvas.height !== picture.height)
    Object.assign(canvas, { width: picture.width, height: picture.height });
  const context = canvas.getContext("2d");
  context?.clearRect(0, 0, canvas.width, canvas.height);
  context?.drawImage(picture, 0, 0);
  legend.update(found, chosen);
}

function nameCanvas(found: Segmentation["found"]): void {
  part("hint", HTMLElement).hidden = true;
  const names = found.slice(0, 4).map(({ name, share }) => `${name} ${Math.round(100 * share)} %`);
  canvas.setAttribute("aria-label", `Segmented picture: ${names.join(", ")}`);
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
  showTiming(segmentation.timing, undefined);
  showFacts(segmenter);
  say(describe(segmentation));
}

async function live({ video, stop }: { video: HTMLVideoElement; stop(): void }, signal: AbortSignal) {
  try {
    signal.throwIfAborted();
    const segmenter = await models.get(choice());
    say("Running.");
    let last = performance.now();
    let rate: number | undefined;
    showFacts(segmenter);
    playing = { video, segmenter };
    const frames = segmenter.paint(video, {
      signal,
      smoothing: Number(smoothing.value),
      look: () => look(segmenter.model.classes.length),
    });
    for await (const { picture, found, timing } of frames) {
      showFrame(picture, found);
      const now = performance.now();
      const current = 1000 / (now - last);
      rate = rate === undefined ? current : 0.9 * rate + 0.1 * current;
      last = now;
      showTiming(timing, rate);
    }
  } finally {
    playing = undefined;
    stop();
  }
}

function showFacts({ dtype, deviceNote }: Segmenter): void {
  part("facts", HTMLElement).textContent = `${dtype}. ${deviceNote}.`;
}

function describe({ found, width, height }: Segmentation): string {
  return `${width} x ${height} pixels: ${found.map(({ name }) => name).join(", ")}.`;
}

function showTiming(timing: Timing, rate: number | undefined): void {
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
    const segmentation = shown?.segmentation ?? (await playing?.segmenter.segment(playing.video));
    if (segmentation) saveFile(await renderLabels(segmentation), "labels.png");
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

/**
 * For times without a network, and for threads on hosts without headers; without it the page works as any
 * other.
 */
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
