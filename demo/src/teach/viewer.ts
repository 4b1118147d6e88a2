import { openCamera, openClip, type Playing } from "../camera.ts";
import { part } from "../page.ts";

const box = part("viewer", HTMLElement);
const screen = part("viewer-screen", HTMLElement);

/** The camera or a clip, from which pictures are taken. */
export class Viewer {
  #playing: Playing | undefined;
  #openings = 0;

  /** @param onPicture gets a frame each time one is taken */
  constructor(onPicture: (frame: ImageBitmap) => Promise<void>, onFault: (error: unknown) => void) {
    part("viewer-take", HTMLButtonElement).addEventListener("click", () => {
      const video = this.#playing?.video;
      if (video) createImageBitmap(video).then(onPicture).catch(onFault);
    });
    part("viewer-close", HTMLButtonElement).addEventListener("click", () => {
      this.close();
      part("teach-camera", HTMLButtonElement).focus();
    });
  }

  openCamera(): Promise<void> {
    return this.#open(openCamera("environment"));
  }

  openClip(file: Blob): Promise<void> {
    const opening = openClip(file).then((playing) => {
      playing.video.controls = true;
      return playing;
    });
    return this.#open(opening);
  }

  close(): void {
    this.#openings++;
    this.#playing?.stop();
    this.#playing = undefined;
    screen.replaceChildren();
    box.hidden = true;
  }

  async #open(opening: Promise<Playing>): Promise<void> {
    const number = ++this.#openings;
    const playing = await opening;
    // Something else was opened meanwhile, or the viewer was closed: a camera must not stay on.
    if (number !== this.#openings) return playing.stop();
    this.close();
    this.#playing = playing;
    screen.replaceChildren(playing.video);
    box.hidden = false;
    part("viewer-take", HTMLButtonElement).focus();
  }
}
