import { LightsegError } from "../errors.ts";

/** What belongs to sample number `index`. @throws LightsegError INVALID_ARGUMENT when there is no such sample */
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

/** @throws LightsegError INVALID_DATASET, naming `file` and `argument`, unless what belongs to a photo has its size */
export function requireSizeOf(photo: Size, { width, height }: Size, file: string, argument: string): void {
  if (width === photo.width && height === photo.height) return;
  throw new LightsegError({
    code: "INVALID_DATASET",
    where: "load",
    file,
    argument,
    rule: `must have the size of its photo, ${photo.width}x${photo.height}`,
    value: `${width}x${height}`,
  });
}
