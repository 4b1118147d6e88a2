import { DEFAULT_MODEL, listModels } from "../../src/web.ts";
import { runBenchmark } from "./benchmark.ts";
import { openCamera, openClip } from "./camera.ts";
import { connectLook, lookControls } from "./controls.ts";
import { connectFiles, fetchExample, showExamples } from "./inputs.ts";
import { connectKeep } from "./keep.ts";
import { describeModel, examplesFor, PEOPLE } from "./model-names.ts";
import { type Choice, Models } from "./models.ts";
import { openPhoto } from "./open-photo.ts";
import { part, sayError } from "./page.ts";
import { Player, type Source } from "./player.ts";
import { Stage } from "./stage.ts";
import { makeTask } from "./task.ts";
import { TeachPanel } from "./teach/panel.ts";
import { shownView, showView } from "./views.ts";

const modelSelect = part("model", HTMLSelectElement);
const deviceSelect = part("device", HTMLSelectElement);
const dtypeSelect = part("dtype", HTMLSelectElement);
const rateSelect = part("rate", HTMLSelectElement);
const cameraButton = part("camera", HTMLButtonElement);
const clipButton = part("save-clip", HTMLButtonElement);

const models = new Models();
const stage = new Stage();
/** The models are listed; what is opened before waits for it. */
const listed = showModels();
const model = () => listed.then(() => models.get(choice()));
const player = new Player({ stage, model, device: () => deviceSelect.value, onSource });
/** Whether the visitor has chosen a model, which the camera then takes too. */
let isModelChosen = false;
/** The entry of what was taught last. */
let taughtOption: HTMLOptionElement | undefined;

function choice(): Choice {
  return {
    model: modelSelect.value,
    device: deviceSelect.value as Choice["device"],
    dtype: dtypeSelect.value as Choice["dtype"],
    rate: rateSelect.value === "" ? undefined : Number(rateSelect.value),
  };
}

function onSource(source: Source | undefined): void {
  cameraButton.setAttribute("aria-pressed", String(source?.kind === "camera"));
  clipButton.parentElement?.toggleAttribute("hidden", source?.kind !== "clip");
}

const teach = new TeachPanel((file, classes) => {
  const name = models.setTaught(file);
  const option = new Option(`Taught: ${classes.join(", ")}`, name);
  taughtOption?.remove();
  taughtOption = option;
  modelSelect.append(option);
  isModelChosen = true;
  chooseModel(name);
  showSegment();
  void player.restart();
});

function showSegment(): void {
  showView("segment");
  teach.close();
  player.resume().catch(sayError);
}

function showTeach(): void {
  showView("teach");
  player.pause();
  void teach.open();
}

function openFile(file: File): void {
  const isClip = file.type.startsWith("video/");
  void player.open(isClip ? openClipSource(file) : openPhotoSource(file));
}

async function openPhotoSource(file: Blob): Promise<Source> {
  return { kind: "photo", picture: await openPhoto(file) };
}

async function openClipSource(file: Blob): Promise<Source> {
  return { kind: "clip", file, playing: await openClip(file) };
}

async function openCameraSource(): Promise<Source> {
  await listed;
  const hasPeople = [...modelSelect.options].some(({ value }) => value === PEOPLE);
  const playing = await openCamera(hasPeople ? "user" : "environment");
  if (hasPeople && !isModelChosen) {
    chooseModel(PEOPLE);
    lookControls.suggest("blur");
  }
  return { kind: "camera", playing };
}

function chooseModel(name: string): void {
  modelSelect.value = name;
  showExamples(examplesFor(name), openFile);
}

function connect(): void {
  connectLook({ onLook: () => stage.repaint(), onSmoothing: () => void restartVideo() });
  modelSelect.addEventListener("change", () => {
    isModelChosen = true;
    chooseModel(modelSelect.value);
  });
  for (const control of [modelSelect, deviceSelect, dtypeSelect, rateSelect])
    control.addEventListener("change", () => void player.restart());
  cameraButton.addEventListener("click", () => {
    if (player.source?.kind === "camera") player.stop();
    else void player.open(openCameraSource());
  });
  connectFiles((files) => {
    const [first] = files;
    if (shownView() === "teach") teach.addFiles(files);
    else if (first) openFile(first);
  });
  part("show-segment", HTMLButtonElement).addEventListener("click", showSegment);
  part("show-teach", HTMLButtonElement).addEventListener("click", showTeach);
  connectKeep({ player, stage, model });
  connectBenchmark();
}

async function restartVideo(): Promise<void> {
  if (player.source?.kind !== "photo") await player.restart();
}

function connectBenchmark(): void {
  const result = part("result", HTMLElement);
  const copyButton = part("copy", HTMLButtonElement);
  makeTask(part("benchmark", HTMLButtonElement), async (job) => {
    const { segmenter } = await model();
    result.textContent = await runBenchmark(segmenter, { ...job, model: modelSelect.value });
    result.hidden = false;
    copyButton.hidden = false;
    return "Done.";
  });
  makeTask(copyButton, async () => {
    await navigator.clipboard.writeText(result.textContent ?? "");
    return "Copied.";
  });
}

/**
 * For times without a network, and for threads on hosts without headers; without it the page works as any
 * other.
 */
async function registerServiceWorker(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register("./service-worker.js").catch(console.warn);
}

async function showModels(): Promise<void> {
  await registerServiceWorker();
  const names = await listModels();
  modelSelect.prepend(...names.map((name) => new Option(describeModel(name), name)));
  if (!isModelChosen) chooseModel(DEFAULT_MODEL);
}

async function start(): Promise<void> {
  connect();
  await listed;
  const [first = ""] = examplesFor(DEFAULT_MODEL);
  const example = await fetchExample(first);
  // What the visitor has opened meanwhile stays.
  if (!player.isUsed) openFile(example);
}

start().catch(sayError);
