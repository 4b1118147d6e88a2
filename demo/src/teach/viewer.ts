import { openCamera, openClip, type Playing } from "../camera.ts";
import { part } from "../page.ts";

const box = part("viewer", HTMLElement);
const screen = part("viewer-screen", HTMLElement);

/** The camera or a clip, from which pictures are taken. */
export class Viewer {
  #playing: Playing | undefined;

  /** @param onPicture gets a frame each time one is taken */
  constructor(onPicture: (frame: ImageBitmap) => Promise<void>, onFault: (error: unknown) => void) {
    part("viewer-take", HTMLButtonElement).addEventListener("click", () => {
      const video = this.#playing?.video;
      if (video) createImageBitmap(video).then(onPicture).catch(onFault);
    });
    part("viewer-close", HTMLButtonElement).addEventListener("click", () => this.close());
  }

  async openCamera(): Promise<void> {
    this.#show(await openCamera("environment"));
  }

  async openClip(file: Blob): Promise<void> {
    const playing = await openClip(file);
    playing.video.controls = true;
    this.#show(playing);
  }

  close(): void {
    this.#playing?.stop();
    this.#playing = undefined;
    screen.replaceChildren();
    box.hidden = true;
  }

  #show(playing: Playing): void {
    this.close();
    this.#playing = playing;
    screen.replaceChildren(playing.video);
    box.hidden = false;
    part("viewer-take", HTMLButtonElement).focus();
  }
}
