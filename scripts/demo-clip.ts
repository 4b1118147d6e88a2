/**
 * Films the Teach panel, from the first stroke to the model in use, as docs/demo-teach.webp: `npm run build
 * && npx vite build -c demo/vite.config.ts && npx tsx scripts/demo-clip.ts`. Learning is shown faster than it
 * was; the script prints by how much.
 *
 * Needs Chromium, and ffmpeg with libwebp.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { from, learn, openDemo, paintStrokes, prepareTeaching } from "./demo-flow.ts";

const SIZE = { width: 960, height: 640 };
const LEARNING_SECONDS = 3;
/** Rests on the last picture, in seconds. */
const REST = 1;
const FRAMES_PER_SECOND = 8;
const WIDTH = 800;

interface Frame {
  readonly file: string;
  /** Seconds of the clock. */
  readonly time: number;
}

await using demo = await openDemo();
const page = await demo.open({ viewport: SIZE, colorScheme: "light" });
const folder = mkdtempSync(join(tmpdir(), "lightseg-clip-"));
try {
  await page.getByRole("button", { name: "Example: coffee" }).click();
  await page.getByText("600 x 400 pixels: ").waitFor();
  await prepareTeaching(page);
  await page.evaluate("scrollTo(0, 0)");

  const frames: Frame[] = [];
  const screen = await page.context().newCDPSession(page);
  screen.on("Page.screencastFrame", ({ data, metadata: { timestamp = 0 }, sessionId }) => {
    const file = join(folder, `${frames.length}.png`);
    writeFileSync(file, Buffer.from(data, "base64"));
    frames.push({ file, time: timestamp });
    screen.send("Page.screencastFrameAck", { sessionId }).catch(() => undefined);
  });
  await screen.send("Page.startScreencast", { format: "png" });
  await paintStrokes(page, 10);
  const start = Date.now() / 1000;
  await learn(page);
  const end = Date.now() / 1000;
  await page.waitForTimeout(1000);
  await page.getByRole("button", { name: "Use it" }).click();
  await page
    .getByText(/^Taught|pixels: /)
    .first()
    .waitFor();
  await page.waitForTimeout(500);
  await screen.send("Page.stopScreencast");

  const speed = Math.max(1, (end - start) / LEARNING_SECONDS);
  const durations = frames.map(({ time }, index) => {
    const next = frames[index + 1]?.time ?? time + REST;
    return (next - time) / (time >= start && time < end ? speed : 1);
  });
  const list = frames.map(({ file }, index) => `file '${file}'\nduration ${durations[index]?.toFixed(3)}`);
  writeFileSync(join(folder, "list.txt"), `${list.join("\n")}\nfile '${frames.at(-1)?.file}'\n`);
  const clip = from("docs/demo-teach.webp");
  execFileSync("ffmpeg", [
    ...["-loglevel", "error", "-y", "-f", "concat", "-safe", "0", "-i", join(folder, "list.txt")],
    ...["-vf", `fps=${FRAMES_PER_SECOND},scale=${WIDTH}:-2:flags=lanczos`],
    ...["-c:v", "libwebp_anim", "-q:v", "60", "-compression_level", "6", "-loop", "0", clip],
  ]);
  const seconds = durations.reduce((sum, duration) => sum + duration, 0);
  console.log(
    `${clip}: ${seconds.toFixed(1)} s, learning took ${(end - start).toFixed(1)} s, shown ${speed.toFixed(1)} times as fast`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
