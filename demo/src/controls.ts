import type { Effect } from "./look.ts";
import { openPhoto } from "./open-photo.ts";
import { part, sayError } from "./page.ts";
import { displayColors, toHex } from "./palette.ts";

const effectSelect = part("effect", HTMLSelectElement);
const opacity = part("opacity", HTMLInputElement);
const smoothing = part("smoothing", HTMLInputElement);
const backdropColor = part("backdrop-color", HTMLInputElement);
const backdropFile = part("backdrop-file", HTMLInputElement);

let backdropPicture: ImageBitmap | undefined;
let isEffectChosen = false;

/** What the controls of the look say. */
export const lookControls = {
  get effect(): Effect {
    return effectSelect.value as Effect;
  },
  get opacity(): number {
    return Number(opacity.value);
  },
  /** Of the network's scores over time, 0 to below 1. */
  get smoothing(): number {
    return Number(smoothing.value);
  },
  get backdrop(): string | ImageBitmap {
    return backdropPicture ?? backdropColor.value;
  },
  /** Sets an effect unless the visitor has chosen one. */
  suggest(effect: Effect): void {
    if (isEffectChosen) return;
    effectSelect.value = effect;
    showParts();
  },
};

export interface LookEvents {
  /** The next picture is to be painted otherwise. */
  onLook(): void;
  /** The next frames are to be segmented otherwise. */
  onSmoothing(): void;
}

export function connectLook({ onLook, onSmoothing }: LookEvents): void {
  backdropColor.value = toHex(displayColors[0] ?? [0, 0, 0]);
  effectSelect.addEventListener("input", () => {
    isEffectChosen = true;
    showParts();
    onLook();
  });
  opacity.addEventListener("input", onLook);
  smoothing.addEventListener("change", onSmoothing);
  backdropColor.addEventListener("input", () => {
    backdropPicture = undefined;
    onLook();
  });
  backdropFile.addEventListener("change", () => {
    const file = backdropFile.files?.[0];
    // The same file can be chosen again.
    backdropFile.value = "";
    if (!file) return;
    openPhoto(file).then((picture) => {
      backdropPicture = picture;
      onLook();
    }, sayError);
  });
  showParts();
}

/** Shows the controls that do something for the effect. */
function showParts(): void {
  part("backdrop", HTMLElement).hidden = effectSelect.value !== "replace";
  part("opacity-row", HTMLElement).hidden = effectSelect.value !== "overlay";
}
