import {
  ALL_FORMATS,
  BlobSource,
  BufferTarget,
  Conversion,
  Input,
  Mp4OutputFormat,
  Output,
} from "mediabunny";

export interface SegmentClipOptions {
  /** Draws a frame as it is to be in the new clip. */
  draw(frame: VideoFrame): Promise<OffscreenCanvas>;
  onProgress(share: number): void;
  signal: AbortSignal;
}

/**
 * Segments every frame of a clip, none left out however long it takes, and encodes the result as MP4; sound
 * is kept.
 *
 * @returns the new clip, and what it lacks of the old one, in a sentence
 * @throws Error if the browser cannot decode the clip or encode another; the signal's reason
 */
export async function segmentClip(
  file: Blob,
  { draw, onProgress, signal }: SegmentClipOptions,
): Promise<{ clip: Blob; lacks: string }> {
  using input = new Input({ source: new BlobSource(file), formats: ALL_FORMATS });
  const target = new BufferTarget();
  const conversion = await Conversion.init({
    input,
    output: new Output({ format: new Mp4OutputFormat(), target }),
    showWarnings: false,
    video: {
      forceTranscode: true,
      // Networks want the world upright.
      allowTransformationMetadata: false,
      async process(sample) {
        signal.throwIfAborted();
        const frame = sample.toVideoFrame();
        try {
          return await draw(frame);
        } finally {
          frame.close();
        }
      },
    },
  });
  const lost = conversion.discardedTracks;
  if (!conversion.isValid || lost.some(({ track }) => track.isVideoTrack()))
    throw new Error(
      `This browser cannot decode or encode that clip: ${lost[0]?.reason ?? "no video in it"}.`,
    );
  conversion.onProgress = onProgress;
  const cancel = () => void conversion.cancel();
  signal.addEventListener("abort", cancel);
  try {
    signal.throwIfAborted();
    await conversion.execute();
  } catch (error) {
    await conversion.cancel();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", cancel);
  }
  const clip = new Blob([target.buffer ?? new ArrayBuffer(0)], { type: "video/mp4" });
  return { clip, lacks: lost.length > 0 ? " Its sound could not be kept." : "" };
}
