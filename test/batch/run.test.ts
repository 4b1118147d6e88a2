import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evaluateBatch } from "../../src/batch/evaluate.ts";
import { type RunBatchOptions, runBatch } from "../../src/batch/run.ts";
import { closeS3, openS3 } from "../../src/batch/s3-storage.ts";
import { custom } from "../../src/datasets/custom.ts";
import { encodeIndexedPng } from "../../src/images/indexed-png.ts";
import { decodeMask } from "../../src/images/node/mask.ts";
import { vocPalette } from "../../src/images/palette.ts";
import { Segmenter } from "../../src/inference/node/node-segmenter.ts";
import { badPhotos, goodPhotos, writePhotos } from "./photos.ts";
import { startS3 } from "./servers.ts";
import { askDuckDb } from "./table.ts";

let folder = "";
let photos = "";
const labels = new Map<string, Uint8Array>();
const at = (...names: string[]) => join(folder, ...names);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-batch-"));
  photos = at("photos");
  await writePhotos(photos);
  await using segmenter = await Segmenter.load();
  for (const id of goodPhotos) labels.set(id, (await segmenter.segment(join(photos, id))).labels);
});
afterAll(() => rm(folder, { recursive: true }));

const run = (out: string, options: Partial<RunBatchOptions> = {}) =>
  runBatch({ source: photos, out, chunkSize: 2, concurrency: 2, threads: 1, ...options });

async function expectLabels(read: (key: string) => Promise<Uint8Array>) {
  for (const [id, expected] of labels)
    expect(decodeMask(await read(`labels/${id}.png`), id).data).toEqual(expected);
}

describe("runBatch on folders", () => {
  it("gives the labels of segment, and a table with every photo once", async () => {
    const out = at("out");
    const { photos: count, errors } = await run(out, { settings: { overlays: true, samples: 7 } });
    expect({ count, errors }).toEqual({ count: 7, errors: 3 });
    await expectLabels((key) => readFile(join(out, key)));
    const ids = await askDuckDb(
      out,
      "SELECT id, min(error_code) AS error, count(DISTINCT class) = count(*) AS ok FROM TABLE GROUP BY id ORDER BY id",
    );
    expect(ids.map(({ id }) => id)).toEqual([...goodPhotos, ...badPhotos].sort());
    expect(ids.filter(({ error }) => error !== null).map(({ id }) => id)).toEqual(badPhotos);
    const sums = await askDuckDb(
      out,
      "SELECT sum(pixels)::INT = any_value(width * height) AS whole, round(sum(share), 9) AS one FROM TABLE WHERE error IS NULL GROUP BY id",
    );
    expect(sums).toEqual(goodPhotos.map(() => ({ whole: true, one: 1 })));
    const names = (await readdir(out)).sort();
    expect(names).toEqual([
      "contact-sheet.png",
      "job.json",
      "labels",
      "overlays",
      "plan",
      "results",
      "samples",
    ]);
  });

  it("does what is missing, and nothing else, when it goes on", async () => {
    const out = at("resume");
    const stop = new AbortController();
    const reason = new Error("enough");
    const onProgress = ({ own }: { own: number }) => own === 3 && stop.abort(reason);
    const stopped = run(out, { concurrency: 1, signal: stop.signal, onProgress });
    await expect(stopped).rejects.toBe(reason);
    const [kept = ""] = await readdir(join(out, "results"));
    const before = await readFile(join(out, "results", kept));
    await expect(run(out)).rejects.toThrow(/holds a batch of 7 photos.*--resume/);
    await expect(run(out, { resume: true, dtype: "fp32" })).rejects.toThrow(/was begun with dtype int8/);
    await expect(run(out, { resume: true, model: "camvid" })).rejects.toThrow(/was begun with name voc/);
    await expect(run(out, { resume: true, source: folder })).rejects.toThrow(/within the source/);
    await expect(run(out, { resume: true, source: at("others") })).rejects.toThrow(/was begun with source/);
    await expect(run(out, { resume: true, settings: { labels: "rle" } })).rejects.toThrow(
      /was begun with labels png/,
    );
    await writeFile(join(photos, "aaa new.jpg"), "later");
    try {
      expect((await run(out, { resume: true, source: `${photos}/` })).photos).toBe(7);
    } finally {
      await rm(join(photos, "aaa new.jpg"));
    }
    expect(await readFile(join(out, "results", kept))).toEqual(before);
    expect(await readdir(join(out, "results"))).toHaveLength(4);
    await expectLabels((key) => readFile(join(out, key)));
  });

  it("goes on with what the target knows, where nothing else is said", async () => {
    const out = at("known");
    const stop = new AbortController();
    const onProgress = ({ own }: { own: number }) => own === 3 && stop.abort(new Error("enough"));
    const begun = { model: "camvid-ndnet45", settings: { overlays: true, samples: 2 }, concurrency: 1 };
    await expect(run(out, { ...begun, signal: stop.signal, onProgress })).rejects.toThrow("enough");
    const job = await readFile(join(out, "job.json"));
    const { photos: count, own } = await runBatch({ out, resume: true });
    expect(count).toBe(7);
    expect(own).toBeLessThan(7);
    expect(await readFile(join(out, "job.json"))).toEqual(job);
    expect(await readdir(out)).toContain("contact-sheet.png");
    expect(await readdir(join(out, "overlays"))).toHaveLength((await readdir(join(out, "labels"))).length);
    await expect(runBatch({ out: at("nothing"), resume: true })).rejects.toThrow(
      /source must be given: the target holds no batch/,
    );
  });

  it("writes pseudo-labels that train reads, and runs that COCO reads", async () => {
    const source = at("flat");
    await writePhotos(source);
    await Promise.all([...badPhotos, "sub"].map((name) => rm(join(source, name), { recursive: true })));
    const out = at("pseudo");
    await run(out, { source, settings: { labels: "none", confidence: true, keepConfident: 0.7 } });
    const dataset = await custom.open(out, "train");
    const sample = await dataset.load(0);
    const full = labels.get("a b.png") ?? new Uint8Array();
    const kept = sample.labels.data.filter((label, pixel) => label === full[pixel]).length;
    const ignored = sample.labels.data.filter((label) => label === 255).length;
    expect(kept + ignored).toBe(full.length);
    expect(kept).toBeGreaterThan(0);
    const range = await askDuckDb(
      out,
      "SELECT min(confidence) > 0 AND max(confidence) <= 1 AS ok FROM TABLE",
    );
    expect(range).toEqual([{ ok: true }]);
  });

  it("measures its own labels as perfect, over all chunks", async () => {
    await run(at("truth"));
    const masks = at("list.csv");
    const rows = goodPhotos.map((id) => `"${join(photos, id)}","${at("truth", "labels", `${id}.png`)}"`);
    await writeFile(masks, `photo,mask\n${rows.join("\n")}\n`);
    await run(at("measured"), { source: masks });
    const { miou, confusion } = await evaluateBatch(at("measured"));
    expect(miou).toBe(1);
    expect(confusion.counts.reduce((sum, count) => sum + count, 0)).toBe(64 * 48 * 2 + 50 * 50 + 20 * 90);
    expect((await run(at("measured"), { source: masks, resume: true })).own).toBe(0);
    await expect(evaluateBatch(at("truth"))).rejects.toThrow(/without masks/);
    await writeFile(at("measured", "confusion", "00000000.json"), "[1, ");
    await expect(evaluateBatch(at("measured"))).rejects.toMatchObject({
      ...{ code: "INVALID_RUN", message: expect.stringContaining("confusion/00000000.json cannot be read") },
    });
    const later = run(at("truth"), { resume: true, masks: at("masks") });
    await expect(later).rejects.toThrow(/was begun without masks/);
  });

  it("names the mask that does not fit its photo or its model", async () => {
    const masks = at("masks");
    const write = (name: string, width: number, label: number) => {
      const map = { width, height: 48, data: new Uint8Array(width * 48).fill(label) };
      return writeFile(join(masks, name), encodeIndexedPng(map, vocPalette(256)));
    };
    await mkdir(masks);
    await write("a b.png", 60, 0);
    await write("z.png", 64, 99);
    const list = at("bad-masks.csv");
    const rows = ["a b.png", "z.jpg"].map((id) => {
      const mask = join(masks, id.replace("jpg", "png"));
      return `"${join(photos, id)}","${mask}"`;
    });
    await writeFile(list, `photo,mask\n${rows.join("\n")}\n`);
    await run(at("bad"), { source: list });
    const errors = await askDuckDb(at("bad"), "SELECT error FROM TABLE ORDER BY id");
    expect(errors).toEqual([
      { error: `${join(masks, "a b.png")}: mask must have the size of its photo, 64x48, got "60x48"` },
      { error: `${join(masks, "z.png")}: mask must hold the model's classes, 0 to 20, or 255, got 99` },
    ]);
  });

  it.each<[Partial<RunBatchOptions>, RegExp]>([
    [{ threads: 1.5 }, /threads must be a whole number from 1/],
    [{ concurrency: 0 }, /concurrency must be a whole number from 1/],
    [{ chunkSize: 0 }, /chunkSize must be a whole number from 1 to 10000, got 0/],
    [{ settings: { samples: 2.5 } }, /settings.samples is not valid: .*, got 2.5/],
    [{ settings: { keepConfident: 80 } }, /settings.keepConfident is not valid: .*, got 80/],
  ])("refuses %o, and plans nothing", async (options, message) => {
    await expect(run(at("refused"), options)).rejects.toThrow(message);
    expect(existsSync(at("refused", "job.json"))).toBe(false);
  });

  it("takes the model in a folder, and settings that are undefined", async () => {
    await mkdir(at("model"));
    await copyFile("models/camvid-ndnet45.safetensors", at("model", "mine.safetensors"));
    const settings = { overlays: undefined, labels: "none" } as const;
    const { errors } = await run(at("own"), { model: at("model"), settings });
    expect(errors).toBe(badPhotos.length);
    expect(existsSync(at("own", "model", "mine.safetensors"))).toBe(true);
  });

  it("refuses a target within the source, and says when a disk cannot be written", async () => {
    await expect(run(join(photos, "out"))).rejects.toThrow(/must not lie within the source/);
    await expect(run("/proc/lightseg/out")).rejects.toThrow(/cannot be written/);
  });
});

describe("runBatch on a small disk", () => {
  let disk = "";
  const mount = (size: string, ...options: string[]) =>
    spawnSync("mount", ["-t", "tmpfs", "-o", [`size=${size}`, ...options].join(), "tmpfs", disk]).status ===
    0;
  // Only root may mount a disk of its own.
  const canMount = process.getuid?.() === 0 && existsSync("/bin/mount");
  afterAll(() => void spawnSync("umount", [disk]));

  it.skipIf(!canMount)(
    "ends with a message when it is full, and goes on when there is room",
    async (context) => {
      disk = at("disk");
      await mkdir(disk);
      if (!mount("24k")) return context.skip("tmpfs cannot be mounted here");
      const out = join(disk, "out");
      const error = await run(out).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "OUTPUT" });
      expect(String(error)).toMatch(/disk\/out\/.*the file cannot be written: the disk is full$/);
      expect(mount("4m", "remount")).toBe(true);
      const { photos: count, errors } = await run(out, { resume: true });
      expect({ count, errors }).toEqual({ count: 7, errors: 3 });
      await expectLabels((key) => readFile(join(out, key)));
      expect(await readdir(out)).not.toContain(".unfinished");
    },
  );
});

describe("runBatch on S3", () => {
  let stop = async () => {};
  beforeAll(async () => {
    const server = await startS3(at("s3"), "shop");
    stop = () => server.stop();
    const s3 = await openS3();
    for (const id of [...goodPhotos, ...badPhotos])
      await s3.write("shop", `photos/${id}`, await readFile(join(photos, id)));
  });
  afterAll(async () => {
    await closeS3();
    await stop();
  });

  it("gives the same labels, also for keys with spaces and Unicode", async () => {
    const { photos: count, errors } = await run("s3://shop/out", { source: "s3://shop/photos" });
    expect({ count, errors }).toEqual({ count: 7, errors: 3 });
    const s3 = await openS3();
    await expectLabels((key) => s3.read("shop", `out/${key}`));
  });

  it("says that credentials are refused, without showing them", async () => {
    await closeS3();
    const { AWS_ACCESS_KEY_ID } = process.env;
    process.env.AWS_ACCESS_KEY_ID = "geheim";
    try {
      const running = run("s3://shop/other", { source: "s3://shop/photos" });
      await expect(running).rejects.toThrow(/^openS3: s3:\/\/shop: the bucket refuses/);
      await expect(running).rejects.not.toThrow(/geheim|S3RVER/);
    } finally {
      process.env.AWS_ACCESS_KEY_ID = AWS_ACCESS_KEY_ID;
      await closeS3();
    }
  });

  it("says which bucket is not there", async () => {
    await expect(run("s3://shop/x", { source: "s3://nowhere/photos" })).rejects.toThrow(
      /s3:\/\/nowhere: the bucket does not exist/,
    );
  });
});
