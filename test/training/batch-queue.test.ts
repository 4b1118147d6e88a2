import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { imagenetPreprocessing } from "../../src/models/preprocessing.ts";
import { BatchQueue } from "../../src/training/batch-queue.ts";
import { parseTrainingConfig } from "../../src/training/config.ts";
import type { Samples } from "../../src/training/samples.ts";
import { planStages } from "../../src/training/stage.ts";
import { testPhoto } from "../support/model.ts";

const config = parseTrainingConfig({
  ...{ network: "ndnet29-fcn32", dataset: "memory", data: "-", batch: 2, crop: [8, 8], epochs: 1 },
});

/** A queue of two steps, over four photos that are read one after the other; some cannot be read. */
function openQueue({ fails = Number.POSITIVE_INFINITY } = {}) {
  const counts = { reads: 0 };
  const samples: Samples = {
    size: 4,
    async load() {
      if (++counts.reads > fails) throw new Error("a photo cannot be read");
      return {
        photo: testPhoto(10, 9),
        labels: { width: 10, height: 9, data: new Uint8Array(90).fill(counts.reads) },
      };
    },
  };
  const [stage] = planStages(config, [{ samples }]);
  if (!stage) throw new Error("there is a stage");
  return { queue: new BatchQueue(stage, imagenetPreprocessing), counts };
}

it("makes one batch ahead, and none after the last step", async () => {
  const { queue, counts } = openQueue();
  await queue.take(0);
  expect(counts.reads).toBe(4);
  await queue.take(1);
  expect(counts.reads).toBe(4);
});

it("gives the batch of the step that is asked for", async () => {
  const { queue } = openQueue();
  const first = await queue.take(0);
  // Photos are labelled by the order in which they are read: the next step has been read since.
  expect(Math.max(...first.target.data.filter((label) => label !== 255))).toBe(2);
  expect((await queue.take(0)).image).toEqual(first.image);
});

it("throws an error of the next step when its turn comes", async () => {
  const { queue } = openQueue({ fails: 2 });
  await queue.take(0);
  await setImmediate();
  await expect(queue.take(1)).rejects.toThrow("a photo cannot be read");
});
