import { expect, it } from "vitest";
import { didYouMean } from "../src/did-you-mean.ts";

const known = ["train", "camvid", "camvid-ndnet45", "voc", "info"];

it.each([
  ["trian", "train"],
  ["tran", "train"],
  ["traiin", "train"],
  ["trqin", "train"],
  ["camvdi", "camvid"],
  ["cmavdi", "camvid"],
  ["CamVid", "camvid"],
  ["camvid-ndnet", "camvid-ndnet45"],
  ["vco", "voc"],
  ["ifno", "info"],
])("takes %s for %s", (word, meant) => {
  expect(didYouMean(word, known)).toBe(`did you mean ${meant}?`);
});

it.each(["", "x", "vox-1", "in", "trees", "segment", "cam"])("takes %j for nothing", (word) => {
  expect(didYouMean(word, known)).toBe("");
});

it("prefers the word with fewer errors", () => {
  expect(didYouMean("vall", ["gall12", "vals", "val"])).toBe("did you mean vals?");
});
