import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { vocPalette } from "../../src/images/palette.ts";
import { describeModel } from "../../src/model-files/description.ts";
import { describeNetwork } from "../../src/model-files/model.ts";
import { initialWeights } from "../../src/models/initialize.ts";
import { buildNetwork } from "../../src/models/network.ts";
import { readCheckpoint } from "../../src/runs/checkpoint.ts";
import { openNodeSession } from "../../src/runtime/node/session.ts";
import { train } from "../../src/trainer/train.ts";
import { writeSafetensors } from "../../src/weights/node/write.ts";
import { writeCamvid } from "../support/camvid.ts";
import { writeMask } from "../support/dataset-files.ts";
import { cli, runCli } from "./run-cli.ts";

let folder = "";
const file = (...names: string[]) => join(folder, ...names);

/** Four steps of two photos, then a validation. */
const training = (run: string, dataset = "camvid", data = run) => [
  ...["train", "--run", file("runs", run), "--model", "ndnet29-fcn32", "--dataset", dataset],
  ...["--data", file(data), "--crop", "32x32", "--batch", "2", "--epochs", "1", "--threads", "1"],
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-bad-data-"));
  await writeCamvid(file("sound"), (pixel, photo) => (pixel + photo) % 12);
});
afterAll(() => rm(folder, { recursive: true }));

/** A copy of the sound data set with a fault. */
async function spoil(name: string, fault: (path: (...names: string[]) => string) => Promise<unknown>) {
  await cp(file("sound"), file(name), { recursive: true });
  await fault((...names) => file(name, ...names));
}

const names = async (run: string) => (await readdir(file("runs", run))).sort();

describe("lightseg train, where no run can begin", { timeout: 300_000 }, () => {
  it.each([
    {
      name: "missing-mask",
      spoiled: (path: typeof file) => rm(path("trainannot/photo3.png")),
      message: [
        "missing-mask/trainannot/photo3.png: mask must exist",
        "expected DIR/train.txt, DIR/train/ID.png",
      ],
    },
    {
      name: "empty-split",
      spoiled: (path: typeof file) => writeFile(path("val.txt"), "\n"),
      message: ["empty-split/val.txt: list must hold at least one sample id", "expected DIR/val.txt"],
    },
  ])("says what is wrong and leaves nothing behind: $name", async ({ name, spoiled, message }) => {
    await spoil(name, spoiled);
    const { code, stdout, stderr } = await runCli(training(name));
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    for (const part of message) expect(stderr).toContain(part);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(existsSync(file("runs", name))).toBe(false);
  });

  it("names the key at fault in dataset.yaml", async () => {
    await mkdir(file("garden"));
    await writeFile(file("garden/dataset.yaml"), "classes: [grass, path, grass]\n");
    const { code, stderr } = await runCli(training("garden", "custom"));
    expect(code).toBe(1);
    expect(stderr).toContain("garden/dataset.yaml: classes[2].name must not be that of classes[0]");
    expect(existsSync(file("runs/garden"))).toBe(false);
  });
});

describe("lightseg train, where a run ends early", { timeout: 300_000 }, () => {
  it("names the mask of another size and goes on once it is mended", async () => {
    await spoil("other-size", (path) =>
      writeMask(path("trainannot/photo5.png"), 32, new Array(32 * 24).fill(0)),
    );
    const { code, stderr } = await runCli([...training("other-size"), "--save-every", "1"]);
    expect(code).toBe(1);
    expect(stderr).toContain(
      'other-size/trainannot/photo5.png: mask must have the size of its photo, 64x48, got "32x24"',
    );
    const left = await names("other-size");
    expect(left).toEqual(expect.arrayContaining(["config.json", "log.jsonl", "origin.json"]));
    expect(left.filter((name) => name.endsWith(".tmp"))).toEqual([]);

    await cp(file("sound/trainannot/photo5.png"), file("other-size/trainannot/photo5.png"));
    const resumed = await runCli(["train", "--run", file("runs/other-size"), "--resume"]);
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toContain("finished after step 4");
  });

  it("names the photo that is cut short", async () => {
    await spoil("cut", async (path) => {
      const photo = path("train/photo2.png");
      await writeFile(photo, (await readFile(photo)).subarray(0, 200));
    });
    const { code, stderr } = await runCli(training("cut"));
    expect(code).toBe(1);
    expect(stderr).toContain("cut/train/photo2.png: photo is not an image that can be read");
    expect(await names("cut")).toEqual(["config.json", "log.jsonl", "origin.json"]);
  });

  it("keeps no weights that are not numbers, not even as the best", async () => {
    // One step, after which the loss still is a number and the weights are not.
    const { code, stderr } = await runCli([
      ...training("diverged", "camvid", "sound"),
      ...["--batch", "8", "--encoder-lr", "1e39", "--decoder-lr", "1e39"],
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain("weights after step 1 must be numbers");
    expect(stderr).toContain("lower the learning rates");
    expect(await names("diverged")).toEqual(["config.json", "log.jsonl", "origin.json"]);
  });

  it("keeps the last checkpoint where the disk takes no other, and goes on from it", async () => {
    const run = file("runs/full");
    const stop = new AbortController();
    const options = { run, open: openNodeSession };
    const config = {
      network: "ndnet29-fcn32",
      dataset: "camvid",
      data: file("sound"),
      batch: 2,
      crop: [32, 32] as [number, number],
      epochs: 1,
      saveEvery: 1,
      threads: 1,
    };
    await train({
      ...options,
      config,
      signal: stop.signal,
      onEvent: ({ kind }) => kind === "step" && stop.abort(),
    });
    const last = join(run, "last.safetensors");
    const before = await readFile(last);
    expect((await readCheckpoint(last)).step).toBe(1);

    // A file may have half of the bytes that the checkpoint needs.
    const blocks = Math.floor(before.length / 2 / 1024);
    const limited = `ulimit -f ${blocks}; exec "$@"`;
    const resume = [cli, "train", "--run", run, "--resume"];
    const { status, stderr } = spawnSync("bash", ["-c", limited, "bash", process.execPath, ...resume], {
      encoding: "utf8",
    });
    expect(status).toBe(1);
    expect(stderr).toContain(`${last}: the file cannot be written: `);
    expect(before.equals(await readFile(last))).toBe(true);
    expect(await names("full")).toEqual(["config.json", "last.safetensors", "log.jsonl", "origin.json"]);

    expect((await train({ ...options, config: {}, resume: true })).finished).toBe(true);
    expect((await readCheckpoint(last)).step).toBe(4);
  });
});

describe("lightseg train, on data that changed or has classes without pixels", { timeout: 300_000 }, () => {
  it("warns and goes on, and refuses to resume with other classes", async () => {
    const folder = file("two");
    await mkdir(join(folder, "images"), { recursive: true });
    await mkdir(join(folder, "masks"));
    for (const index of new Array(8).keys()) {
      await cp(file("sound/train/photo0.png"), join(folder, `images/${index}.png`));
      const pixels = Array.from({ length: 64 * 48 }, (_, pixel) => (pixel % 2 === 0 ? 0 : 255));
      await writeMask(join(folder, `masks/${index}.png`), 64, pixels);
    }
    await writeFile(join(folder, "train.txt"), "0\n1\n2\n3\n4\n5\n");
    await writeFile(join(folder, "val.txt"), "6\n7\n");
    const name = (classes: string) => writeFile(join(folder, "dataset.yaml"), `classes: [${classes}]\n`);
    await name("ground, cell");
    const { code, stderr } = await runCli(training("two", "custom"));
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("warning: custom: class cell has no pixel in train\n");
    expect(stderr).toContain('"value: 255"');
    expect(await readFile(file("runs/two/report.html"), "utf8")).toContain(
      "class cell has no pixel in train",
    );

    const resume = ["train", "--run", file("runs/two"), "--resume"];
    const best = file("runs/two/best.safetensors");
    const [measured, swapped, more] = [
      await runCli(["evaluate", "--model", best, "--dataset", "custom", "--data", folder]),
      await name("cell, ground").then(() => runCli(resume)),
      await name("ground, cell, sky").then(() => runCli(resume)),
    ];
    expect(measured.stderr).toContain("warning: class cell has no pixel in val\n");
    expect([swapped.code, more.code]).toEqual([1, 1]);
    expect(swapped.stderr).toContain("classes must stay ground, cell in a resumed run");
    expect(more.stderr).toContain("classes must stay the 2 classes ground, cell in a resumed run");
  });
});

describe("lightseg train --weights", { timeout: 300_000 }, () => {
  it("takes what fits of a model of other classes, and says what begins at random", async () => {
    const network = "ndnet29-fcn32";
    const classes = ["grass", "path", "pond"];
    const { parameters } = buildNetwork({ network, classes: classes.length });
    const weights = initialWeights(parameters, { seed: 1 });
    const metadata = describeModel(
      describeNetwork(network, { classes, palette: vocPalette(classes.length) }),
    );
    await writeSafetensors(file("garden.safetensors"), weights, { metadata });

    const { code, stderr } = await runCli([
      ...training("transferred", "camvid", "sound"),
      ...["--weights", file("garden.safetensors")],
    ]);
    expect(stderr).toContain("2 with another shape:");
    expect(stderr).toContain("seg.score.bias: expected [11], found [3]");
    expect(code).toBe(0);
  });
});
