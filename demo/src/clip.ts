import {
  ALL_FORMATS,
  BlobSource,
  BufferTarget,
  CanvasSource,
  getFirstEncodableVideoCodec,
  Input,
  Mp4OutputFormat,
  Output,
  VideoSampleSink,
} from "mediabunny";

export interface SegmentClipOptions {
  /** Draws a frame as it is to be in the new clip. */
  draw(frame: VideoFrame): Promise<HTMLCanvasElement>;
  onProgress(share: number): void;
  signal: AbortSignal;
}

/**
 * Segments every frame of a clip, none left out however long it takes, and encodes the result as MP4, without
 * sound.
 *
 * @throws Error if the browser cannot decode the clip or encode another
 */
export async function segmentClip(
  file: Blob,
  { draw, onProgress, signal }: SegmentClipOptions,
): Promise<Blob> {
  const input = new Input({ source: new BlobSource(file), formats: ALL_FORMATS });
  const track = await input.getPrimaryVideoTrack();
  if (!track) throw new Error("This file has no video in it.");
  if (!(await track.canDecode())) throw new Error("This browser cannot decode that clip frame by frame.");
  const format = new Mp4OutputFormat();
  const codec = await getFirstEncodableVideoCodec(format.getSupportedVideoCodecs(), {
    width: track.displayWidth,
    height: track.displayHeight,
  });
  if (!codec) throw new Error("This browser cannot encode video.");
  const duration = await input.computeDuration();
  const target = new BufferTarget();
  const output = new Output({ format, target });
  let source: CanvasSource | undefined;
  try {
    for await (const sample of new VideoSampleSink(track).samples()) {
      signal.throwIfAborted();
      const frame = sample.toVideoFrame();
      const canvas = await draw(frame);
      frame.close();
      if (!source) {
        source = new CanvasSource(canvas, { codec, bitrate: 4e6 });
        output.addVideoTrack(source);
        await output.start();
      }
      await source.add(Math.max(0, sample.timestamp), sample.duration);
      onProgress(Math.min(1, sample.timestamp / duration));
      sample.close();
    }
    if (!source) throw new Error("This clip has no frames.");
    await output.finalize();
  } catch (error) {
    if (source) await output.cancel();
    throw error;
  }
  return new Blob([target.buffer ?? new ArrayBuffer(0)], { type: "video/mp4" });
}
