import { renderLabels } from "../../src/web.ts";
import { segmentClip } from "./clip.ts";
import type { LoadedModel } from "./models.ts";
import { part } from "./page.ts";
import type { Player } from "./player.ts";
import { Renderer } from "./render.ts";
import { saveFile } from "./save.ts";
import type { SegmentedPicture, Stage } from "./stage.ts";
import { type Job, makeTask } from "./task.ts";

export interface KeepOptions {
  readonly player: Player;
  readonly stage: Stage;
  readonly model: () => Promise<LoadedModel>;
}

/** The buttons that save what is on the stage. */
export function connectKeep({ player, stage, model }: KeepOptions): void {
  const current = async (): Promise<SegmentedPicture> => {
    const picture = await player.current();
    if (picture) return picture;
    throw new Error("There is no segmented picture yet: open a photo, a clip or the camera first.");
  };

  makeTask(part("save-picture", HTMLButtonElement), async () => {
    const { picture, segmentation, list } = await current();
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    new Renderer(canvas).draw(picture, segmentation, { settings: { ...stage.settings, before: 0 }, list });
    saveFile(await canvas.convertToBlob({ type: "image/png" }), "lightseg.png");
    return "Saved as lightseg.png.";
  });

  makeTask(part("save-labels", HTMLButtonElement), async () => {
    saveFile(await renderLabels((await current()).segmentation), "labels.png");
    return "Saved as labels.png.";
  });

  makeTask(part("save-clip", HTMLButtonElement), async (job) => {
    const { source } = player;
    if (source?.kind !== "clip") throw new Error("There is no clip: open one first.");
    const { video } = source.playing;
    // Two at a time would both be slow.
    video.pause();
    try {
      const { clip, lacks } = await saveClip(source.file, { player, stage, model, ...job });
      saveFile(clip, "lightseg.mp4");
      return `Saved as lightseg.mp4, ${(clip.size / 1e6).toFixed(1)} MB.${lacks}`;
    } finally {
      // Something else may play by now.
      if (player.source === source) await video.play();
    }
  });
}

async function saveClip(
  file: Blob,
  { player, stage, model, signal, onProgress }: KeepOptions & Job,
): Promise<{ clip: Blob; lacks: string }> {
  const ended = AbortSignal.any([signal, player.signal]);
  const { segmenter, list } = await model();
  const canvas = new OffscreenCanvas(1, 1);
  const renderer = new Renderer(canvas);
  const settings = { ...stage.settings, before: 0, highlighted: undefined };
  return segmentClip(file, {
    signal: ended,
    onProgress,
    async draw(frame) {
      const picture = await createImageBitmap(frame);
      const segmentation = await segmenter.segment(picture, { scores: true });
      renderer.draw(picture, segmentation, { settings, list });
      picture.close();
      return canvas;
    },
  });
}
