import { describe, expect, it } from "vitest";
import { publishedAccuracies, publishedProbes } from "../../src/analysis/paper-accuracy.ts";
import { parseArguments } from "../../src/cli/arguments.ts";
import { benchmark } from "../../src/cli/benchmark.ts";
import { compare } from "../../src/cli/compare.ts";
import { evaluate } from "../../src/cli/evaluate.ts";
import { info } from "../../src/cli/info.ts";
import { paper } from "../../src/cli/paper.ts";
import { probe as probeVerb } from "../../src/cli/probe.ts";
import { receptiveField } from "../../src/cli/receptive-field.ts";
import { train } from "../../src/cli/train.ts";
import { datasets } from "../../src/datasets/index.ts";
import { buildNetwork } from "../../src/models/network.ts";
import type { Ablation } from "../../src/paper/ablation.ts";
import { describePaper, renderPaper } from "../../src/paper/page.ts";
import { findTap } from "../../src/studies/tap.ts";

const conditions = { version: "1.2.3", cpu: "A processor", threads: 2, data: ["voc"], multiScale: false };
const accuracy = {
  ...{ model: "voc", network: "refinenet-lw-mobilenet-v2", dataset: "voc", split: "val", photos: 7 },
  ...{ trainedPhotos: 0, views: "single scale" as const, miou: 0.3456, pixelAccuracy: 0.9 },
};
const none = { accuracies: [], ablations: [] };
const probe = { map: [256, 8, 8] as const, iou: [0.5, null], miou: 0.1612, accuracy: 0.9394 };
const maps = [
  { ...probe, place: "before CRP", at: "fusion4" },
  { ...probe, place: "after CRP", at: "crp4", miou: 0.1748 },
];
const probes = [{ model: "voc", network: "refinenet-lw-mobilenet-v2", train: 10, val: 7, maps }];
const ablation: Ablation = {
  ...{ dataset: "voc", budget: "3 epochs, 9 steps of batch 4, crops of 64 x 64" },
  rows: [
    {
      ...{
        network: "refinenet-lw-no-crp+mobilenet-v2",
        parameters: 2.5e6,
        macs: 4.3e9,
        weights: "/secret/b",
      },
      ...{ miou: 0.3, last: 0.25, steps: 9, curve: [{ step: 9, miou: 0.3 }] },
    },
  ],
};
const forward = { mean: 250, deviation: 3.2, median: 250, p95: 260, min: 245 };

describe("renderPaper", () => {
  it("says what is not measured", async () => {
    const page = await renderPaper(none, { ...conditions, data: [] });
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
    const page = await renderPaper({ ...none, accuracies: [accuracy], probes }, conditions);
    expect(page).toMatch(/voc val<\/td><td>76\.2<\/td><td>34\.6<\/td><td>voc, 7 photos, single scale/);
    expect(page).toMatch(/after CRP<\/th><td>crp4<\/td><td>17\.48 %<\/td><td>93\.94 %/);
    const flattered = await renderPaper(
      { ...none, accuracies: [{ ...accuracy, trainedPhotos: 3 }] },
      conditions,
    );
    expect(flattered).toContain("voc, 7 photos, 3 of them trained on, single scale");
    const absent = publishedAccuracies.length - 1;
    expect(page.match(/<td>not measured here<\/td>/g)).toHaveLength(absent);
    expect(page).toContain("Before and after RCU: not measured here");
  });

  it("has the places before and after RCU once a network with RCUs was trained", async () => {
    const places = publishedProbes.map(({ place, at }) => ({ ...probe, place, at }));
    const withRcu = {
      ...probes[0],
      model: "best",
      network: "refinenet-lw-rcu+a",
      train: 1,
      val: 1,
      maps: places,
    };
    const page = await renderPaper({ ...none, probes: [...probes, withRcu] }, conditions);
    expect(page).toMatch(/before RCU<\/th><td>before:adapt_stage1_b<\/td><td>16\.12 %/);
    expect(page).not.toContain("Before and after RCU");
  });

  it("sets networks that were trained at equal budget side by side", async () => {
    const page = await renderPaper({ ...none, ablations: [ablation] }, conditions);
    const row =
      "refinenet-lw-no-crp+mobilenet-v2</th><td>2.50</td><td>4.30</td><td>30.0 %</td><td>25.0 %</td>";
    expect(page).toContain(row);
    expect(page).toContain("3 epochs, 9 steps of batch 4");
    expect(page).toContain("Mean IoU on voc: mean IoU by step");
  });

  it("has a column of times where they were taken", async () => {
    const size = [625, 468] as const;
    const times = [
      { network: "refinenet-lw-50", size, forward },
      { network: "ndnet45", size: [1024, 2048] as const, forward },
    ];
    const page = await renderPaper({ ...none, times }, conditions);
    expect(page).toMatch(/<td>19\.56 ± 0\.29<\/td><td>250 ± 3<\/td>/);
    expect(page).toMatch(/ndnet45<\/th>(<td>[^<]*<\/td>){4}<td>4\.0<\/td>/);
    expect(await renderPaper(none, conditions)).not.toContain("here</th>");
  });
});

describe("the commands of the page", () => {
  const commandsOf = (page: string) =>
    [...page.matchAll(/<pre>([^<]*)<\/pre>/g)].flatMap(([, text = ""]) => text.split("\n"));
  const measured = { ...none, accuracies: [accuracy], probes, times: [] };

  it("repeat what was done", async () => {
    const options = { ...conditions, limit: 5, multiScale: true };
    const study = { receptiveFields: { photos: 5, studies: [] } };
    const commands = commandsOf(await renderPaper({ ...measured, ...study }, options));
    expect(commands[0]).toBe("lightseg paper --data voc=VOC --times --multi-scale --threads 2 --limit 5");
    const evaluation = "lightseg evaluate --model voc --dataset voc --data VOC --device cpu --limit 5";
    expect(commands).toContain(evaluation);
    expect(commands).toContain(`${evaluation} --scales 0.5,0.75,1,1.25,1.5,1.75 --flip`);
    expect(commands).toContain("lightseg benchmark --paper --runs 10 --warmup 2 --device cpu --threads 2");
    for (const verb of ["probe voc", "receptive-field voc"])
      expect(commands.find((line) => line.startsWith(`lightseg ${verb}`))).toContain(" --limit 5");
  });

  it("name no limit where there was none", async () => {
    const commands = commandsOf(await renderPaper(measured, conditions));
    const limited = commands.filter((line) => line.includes("--limit"));
    // Figure 3 always has the first photos alone.
    expect(limited.map((line) => line.split(" ")[1])).toEqual(["receptive-field"]);
    expect(commands.join("\n")).not.toContain("--flip");
  });

  it("can be typed", async () => {
    const verbs = [benchmark, compare, evaluate, info, paper, probeVerb, receptiveField, train];
    const page = await renderPaper({ ...measured, ablations: [ablation] }, { ...conditions, limit: 5 });
    for (const line of commandsOf(page).filter((text) => text.startsWith("lightseg "))) {
      const [, name, ...argv] = line.split(" ");
      const verb = verbs.find((command) => command.name === name);
      expect(verb, line).toBeDefined();
      if (verb) expect(() => parseArguments(verb, argv), line).not.toThrow();
    }
  });
});

it("describes the same for programs", () => {
  const description = describePaper({ ...none, accuracies: [accuracy] }, conditions);
  expect(JSON.parse(JSON.stringify(description))).toMatchObject({
    conditions,
    published: { probes: [{ miou: 54.63 }, { miou: 55.16 }, { miou: 57.83 }] },
    measured: {
      accuracies: [accuracy],
      comparison: null,
      receptiveFields: null,
      probes: null,
      ablations: [],
      times: null,
    },
  });
});

it("tells programs no paths of this machine", () => {
  const description = describePaper({ ...none, ablations: [ablation] }, conditions);
  expect(description.measured.ablations[0]?.rows[0]).toMatchObject({ miou: 0.3, parameters: 2.5e6 });
  expect(JSON.stringify(description)).not.toContain("/secret");
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
