import { expect, it } from "vitest";
import type { Color } from "../../src/images/types.ts";
import { compareModels } from "../../src/paper/compare-models.ts";
import { testPhoto } from "../support/model.ts";

const [gray, violet, red] = [
  [128, 128, 128],
  [64, 0, 128],
  [255, 0, 0],
] as const;

/** A model that finds the same classes everywhere. */
function model(name: string, found: readonly { name: string; color: Color }[]) {
  const shares = found.map((own, label) => ({ ...own, label, pixels: 1, share: 0.25 }));
  const palette = found.map(({ color }) => color);
  const segmentation = { width: 2, height: 2, labels: new Uint8Array(4), palette, found: shares };
  return { name, segment: async () => segmentation };
}

it("names the columns of a class that models paint in different colors", async () => {
  async function* photos() {
    yield { id: "a", photo: testPhoto(2, 2) };
  }
  const models = [
    model("voc", [{ name: "car", color: gray }]),
    model("camvid", [
      { name: "car", color: violet },
      { name: "sky", color: gray },
    ]),
    model("mine", [{ name: "car", color: violet }]),
    model("other", [{ name: "dog", color: red }]),
  ];
  const { legend, columns } = await compareModels(photos(), models, { total: 1 });
  expect(columns).toEqual(["photo", "voc", "camvid", "mine", "other"]);
  expect(legend).toEqual([
    { name: "car (voc)", color: gray },
    { name: "car (camvid, mine)", color: violet },
    { name: "sky", color: gray },
    { name: "dog", color: red },
  ]);
});
