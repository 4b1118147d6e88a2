// @ts-check
/**
 * The process that tries a device: runs a model on it and sends the outputs back.
 *
 * A process of its own, since a faulty driver may end it. Plain JavaScript, as session-worker.mjs.
 *
 * @typedef {{ model: Uint8Array; device: string; feeds: import("../session.ts").Feeds; outputs: string[] }}
 * Trial
 */
import * as ort from "onnxruntime-node";
import { OrtSession } from "../ort-session.mjs";

// The list of graphics cards that the engine knows is in its log alone.
ort.env.logLevel = "verbose";

process.once("disconnect", () => process.exit());
process.once("message", async (/** @type {Trial} */ { model, device, feeds, outputs }) => {
  const answer = (/** @type {object} */ reply) => process.send?.(reply, () => process.disconnect());
  try {
    const session = await OrtSession.open(ort, model, { executionProviders: [{ name: device }] });
    answer({ values: await session.run(feeds, outputs) });
  } catch (error) {
    answer({ error: error instanceof Error ? error.message : String(error) });
  }
});
