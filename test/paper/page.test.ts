import { describe, expect, it } from "vitest";
import { publishedAccuracies, publishedProbes } from "../../src/analysis/paper-accuracy.ts";
import { datasets } from "../../src/datasets/index.ts";
import { buildNetwork } from "../../src/models/network.ts";
import { describePaper, renderPaper } from "../../src/paper/page.ts";
import { findTap } from "../../src/studies/tap.ts";

const conditions = { version: "1.2.3", cpu: "A processor", threads: 2, data: ["voc"] };
const accuracy = {
  ...{ model: "voc", network: "refinenet-lw-mobilenet-v2", dataset: "voc", split: "val", photos: 7 },
  ...{ trainedPhotos: 0, views: "single scale" as const, miou: 0.3456, pixelAccuracy: 0.9 },
};
const probe = { map: [256, 8, 8] as const, iou: [0.5, null], miou: 0.1612, accuracy: 0.9394 };
const maps = [
  { ...probe, at: "fusion4" },
  { ...probe, at: "crp4", miou: 0.1748 },
];

describe("renderPaper", () => {
  it("says what is not measured", async () => {
    const page = await renderPaper({ accuracies: [] }, { ...conditions, data: [] });
    expect(page).toContain("1.2.3, 2 threads of A processor; data at hand: none");
    const rows = publishedAccuracies.length;
    expect(page.match(/<td>not measured here<\/td>/g)).toHaveLength(rows);
    for (const title of ["Table 1", "Table 2", "Table 3", "Table 4", "Figure 1", "Figure 2", "Figure 3"])
      expect(page).toContain(`<h2>${title}: `);
    expect(page).toContain("Not drawn here: no photos were given.");
    // Seven drawings, nothing from elsewhere.
    expect(page.match(/<img src="data:image\/svg/g)).toHaveLength(7);
    expect(page).not.toMatch(/(src|href)="(?!data:)/);
  });

  it("puts measurements beside what was published", async () => {
    const page = await renderPaper(
      { accuracies: [accuracy], probes: { train: 10, val: 7, maps } },
      conditions,
    );
    expect(page).toMatch(/voc val<\/td><td>76\.2<\/td><td>34\.6<\/td><td>voc, 7 photos, single scale/);
    expect(page).toMatch(/after CRP<\/th><td>crp4<\/td><td>17\.48 %<\/td><td>93\.94 %/);
    const flattered = await renderPaper({ accuracies: [{ ...accuracy, trainedPhotos: 3 }] }, conditions);
    expect(flattered).toContain("voc, 7 photos, 3 of them trained on, single scale");
    const absent = publishedAccuracies.length - 1;
    expect(page.match(/<td>not measured here<\/td>/g)).toHaveLength(absent);
  });
});

it("describes the same for programs", () => {
  const description = describePaper({ accuracies: [accuracy] }, conditions);
  expect(JSON.parse(JSON.stringify(description))).toMatchObject({
    conditions,
    published: { probes: [{ miou: 54.63 }, { miou: 55.16 }, { miou: 57.83 }] },
    measured: { accuracies: [accuracy], comparison: null, receptiveFields: null, probes: null },
  });
});

describe("published numbers", () => {
  it("are of networks and data sets that there are", () => {
    for (const { network, dataset, split } of publishedAccuracies) {
      expect(() => buildNetwork({ network, classes: 2 })).not.toThrow();
      // Test splits are measured by the servers of the data sets, which keep the masks.
      const { splits = [] } = datasets.find(({ name }) => name === dataset) ?? {};
      expect([...splits, "test"]).toContain(split);
      expect(splits).toContain("val");
    }
  });

  it("name the maps of Table 4 as the network does", () => {
    const network = buildNetwork({ network: "refinenet-lw-rcu-101", classes: 21, size: [1, 64, 64] });
    for (const { at } of publishedProbes)
      expect(findTap(network, at, "probeNetwork").shape).toEqual([1, 512, 2, 2]);
  });
});
