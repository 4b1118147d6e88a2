import { expect, it } from "vitest";
import { exportOnnx } from "../src/export/onnx.ts";
import { checkExport, createAveragingPredictor, createPredictor } from "../src/node-engine.ts";
import { randomModel, testPhoto } from "./support/model.ts";

const model = randomModel();
const photo = testPhoto(33, 35);

it("runs models on Node's engine where none is given", async () => {
  const predictor = createPredictor(model, { threads: 1 });
  const scores = await predictor.predict(photo);
  await predictor.dispose();
  expect(scores.shape.slice(0, 2)).toEqual([1, model.classes.length]);

  const averaging = await createAveragingPredictor(model, { threads: 1 });
  const { data } = await averaging.predict(photo);
  await averaging.dispose();
  expect(data).toHaveLength(33 * 35);

  const exported = { size: [33, 35] } as const;
  const drift = await checkExport(exportOnnx(model, exported), model, { exported, photo });
  expect(drift.error).toBeLessThan(1e-4);
});
