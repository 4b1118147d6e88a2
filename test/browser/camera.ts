import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What the camera of a browser sees over and over, in a file. */
export async function makeCamera(width: number, height: number) {
  const folder = await mkdtemp(join(tmpdir(), "lightseg-camera-"));
  const clip = join(folder, "square.y4m");
  await writeFile(clip, movingSquare(width, height));
  return { clip, dispose: () => rm(folder, { recursive: true }) };
}

/** A clip of 32 frames in Y4M, raw YUV: a bright square that moves over a dark ground. */
function movingSquare(width: number, height: number): Buffer {
  const frames = Array.from({ length: 32 }, (_, frame) => {
    const luma = Buffer.alloc(width * height, 60);
    for (let y = 40; y < 80; y++) luma.fill(200, y * width + 3 * frame, y * width + 3 * frame + 40);
    return Buffer.concat([Buffer.from("FRAME\n"), luma, Buffer.alloc((width * height) / 2, 128)]);
  });
  return Buffer.concat([Buffer.from(`YUV4MPEG2 W${width} H${height} F30:1 Ip A1:1 C420jpeg\n`), ...frames]);
}
