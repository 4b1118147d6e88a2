import { exportOnnx } from "../../../src/web.ts";
import { part } from "../page.ts";
import { saveFile } from "../save.ts";
import { MOST_CLASSES } from "./classes.ts";
import { exportDataset } from "./export.ts";
import { onPress, tell, tellError } from "./messages.ts";
import { isPainted } from "./pictures.ts";
import type { Previewer } from "./previewer.ts";
import type { Work } from "./work.ts";

export interface KeepingOptions {
  readonly work: Work;
  readonly previewer: Previewer;
  /** Gets the model, to be used on camera, photos and clips. */
  readonly onUse: (file: Blob, classes: readonly string[]) => void;
  /** A model was opened, and maybe its classes. */
  readonly onModel: () => Promise<void>;
  /** All is about to be forgotten. */
  readonly onForgetting: () => void;
  readonly onForget: () => Promise<void>;
}

/** The buttons that use, save and open what was taught. */
export function connectKeeping(options: KeepingOptions): void {
  const { work, previewer, onUse, onModel, onForgetting, onForget } = options;
  onPress("use-model", async () => {
    if (work.model) onUse(work.model.file, work.model.classes);
  });
  onPress("save-model", async () => {
    if (work.model) saveFile(work.model.file, "taught.safetensors");
  });
  onPress("save-onnx", async () => {
    if (work.model)
      saveFile(await exportOnnx(work.model.file, { labels: true, scores: true }), "taught.onnx");
  });
  onPress("save-dataset", async () => {
    if (!work.pictures.some(isPainted)) throw new Error("Paint some strokes first.");
    const { pictures, classes, model } = work;
    saveFile(await exportDataset({ pictures, classes, model: model?.file }), "taught.zip");
  });
  onPress("forget", async () => {
    if (!confirm("Forget all pictures, strokes and the model?")) return;
    onForgetting();
    await work.clear();
    await previewer.use(undefined);
    showModel(work);
    await onForget();
  });

  const input = part("model-file", HTMLInputElement);
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    input.value = "";
    if (file) openModel(file, work, previewer).then(onModel).catch(tellError);
  });
}

/** Enables what can be done with a model. */
export function showModel({ model }: Work): void {
  for (const id of ["use-model", "save-model", "save-onnx"])
    part(id, HTMLButtonElement).disabled = model === undefined;
}

/** A model that was saved: its classes are taken, unless something is painted already. */
async function openModel(file: File, work: Work, previewer: Previewer): Promise<void> {
  await previewer.use(file);
  const describing = previewer.describe().catch(async (error: unknown) => {
    await previewer.use(work.model?.file);
    throw error;
  });
  const { classes = [], palette = [] } = (await describing) ?? {};
  const isFree = classes.length <= MOST_CLASSES && !work.pictures.some(isPainted);
  const entries = classes.map((name, label) => ({ name, color: palette[label] ?? ([0, 163, 255] as const) }));
  await work.setModel({ file, classes }, isFree ? entries : undefined);
  showModel(work);
  tell(`Opened ${file.name}: ${classes.join(", ")}.`);
}
