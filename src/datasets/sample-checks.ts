import { LightsegError } from "../errors.ts";
import type { OrientedPhoto } from "../images/node/decode.ts";

/** The entry of sample `index`. @throws LightsegError INVALID_ARGUMENT if there is no such sample */
export function sampleAt<T>(samples: readonly T[], index: number): T {
  const sample = samples[index];
  if (sample !== undefined) return sample;
  throw new LightsegError({
    code: "INVALID_ARGUMENT",
    where: "load",
    argument: "index",
    rule: `must be an integer in 0..${samples.length - 1}`,
    value: index,
  });
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** What belongs to a photo, for errors. */
interface Belonging extends Size {
  readonly file: string;
  readonly argument: string;
}

/** @throws LightsegError INVALID_DATASET unless what belongs to a photo has its size */
export function requireSizeOf(
  { photo, orientation }: OrientedPhoto,
  { width, height, file, argument }: Belonging,
): void {
  if (width === photo.width && height === photo.height) return;
  const isStored = orientation > 4 && width === photo.height && height === photo.width;
  throw new LightsegError({
    code: "INVALID_DATASET",
    where: "load",
    file,
    argument,
    rule: `must have the size of its photo, ${photo.width}x${photo.height}`,
    value: `${width}x${height}`,
    hint: isStored
      ? "EXIF turns the photo by 90 degrees: turn the mask too, or store the photo upright"
      : undefined,
  });
}

/** Whether EXIF turns or mirrors a photo in a way that the size of its mask does not show. */
export function isTurnedUnseen({ photo, orientation }: OrientedPhoto): boolean {
  return orientation > 1 && (orientation < 5 || photo.width === photo.height);
}
