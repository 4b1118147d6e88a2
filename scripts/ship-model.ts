/**
 * Packs a trained model for shipping: half the bytes, the same description.
 *
 *   npx tsx scripts/ship-model.ts RUN/best.safetensors models/NAME.safetensors
 */
import { LightsegError, messageOf } from "../src/errors.ts";
import { loadModel } from "../src/inference/load-model.ts";
import { describeModel } from "../src/models/model.ts";
import { writeSafetensors } from "../src/weights/write.ts";

const [source, target] = process.argv.slice(2);
try {
  if (source === undefined || target === undefined) {
    const rule = "must be given: a model file to read and one to write";
    throw new LightsegError({ code: "INVALID_ARGUMENT", where: "ship-model", argument: "two paths", rule });
  }
  const model = await loadModel({ model: source });
  await writeSafetensors(target, model.weights, { metadata: describeModel(model), dtype: "F16" });
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
