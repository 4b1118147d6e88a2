import { basename } from "node:path";
import type { Times } from "../analysis/benchmark.ts";
import { comparePaper, publishedRuntime } from "../analysis/paper.ts";
import { publishedProbes } from "../analysis/paper-accuracy.ts";
import { cityscapesConditions, compareRelatives } from "../analysis/relatives.ts";
import { type Dataset, takeFirst } from "../datasets/dataset.ts";
import { findDataset } from "../datasets/index.ts";
import { createAveragingPredictor } from "../evaluation/averaging-predictor.ts";
import { evaluate } from "../evaluation/evaluate.ts";
import { countTrainedPhotos } from "../evaluation/trained-photos.ts";
import { decodePhoto } from "../images/node/decode.ts";
import { createPredictor, predictLabels } from "../inference/predictor.ts";
import { loadModel } from "../model-files/node/load.ts";
import { lightWeightRefineNetWithRcu } from "../models/decoders/refinenet.ts";
import { findNetwork } from "../models/zoo.ts";
import { openNodeSession } from "../runtime/node/session.ts";
import { photosOf, type StudyProgress } from "../studies/photos.ts";
import { type Probe, probeNetwork } from "../studies/probe.ts";
import { type ReceptiveFieldStudy, studyReceptiveField } from "../studies/receptive-field.ts";
import type { Ablation } from "./ablation.ts";
import type { PhotoComparison } from "./compare.ts";
import { compareModels, withModels } from "./compare-models.ts";

/** Options of `measurePaper`. */
export interface MeasurePaperOptions {
  /** Folders of data sets, by name. */
  data: ReadonlyMap<string, string>;
  /** Photos of Figure 2; none, and it is left out. */
  photos: readonly string[];
  /** Runs that differ in the network, see `readAblation`. */
  ablations: readonly Ablation[];
  /** Times forward passes of a network; left out, no times are taken. */
  time?: ((network: string, size: readonly [height: number, width: number]) => Promise<Times>) | undefined;
  /** Photos of each split that are used at most. Defaults to all. */
  limit?: number | undefined;
  /** Whether to average over scales and mirror images too, as the paper's test results do. */
  multiScale?: boolean;
  /** Threads of the engine. Defaults to the number of cores. */
  threads?: number | undefined;
  onProgress?: (progress: StudyProgress) => void;
  signal: AbortSignal;
}

/** The accuracy of a shipped model on a split. */
export interface MeasuredAccuracy {
  readonly model: string;
  readonly network: string;
  readonly dataset: string;
  readonly split: string;
  readonly photos: number;
  /** How many of them the model was trained on, which flatters it. */
  readonly trainedPhotos: number;
  readonly views: "single scale" | "multi-scale, mirrored";
  /** 0..1. */
  readonly miou: number;
  readonly pixelAccuracy: number;
}

/** How long a network took here. */
export interface MeasuredTime {
  readonly network: string;
  readonly size: readonly [height: number, width: number];
  /** Milliseconds of a forward pass. */
  readonly forward: Times;
}

/** Heads on maps of one network (Table 4). */
export interface ProbedNetwork {
  /** A shipped model; undefined for the network of an ablation. */
  readonly model?: string;
  readonly network: string;
  /** Photos that the heads were trained and measured on. */
  readonly train: number;
  readonly val: number;
  readonly maps: readonly (Probe & { readonly place: string })[];
}

/** The receptive field at a place of Figure 3. */
export type PlacedStudy = ReceptiveFieldStudy & { readonly place: string };

/** What was measured for the page; what data or photos are absent for is absent too. */
export interface PaperMeasurements {
  readonly accuracies: readonly MeasuredAccuracy[];
  readonly comparison?: PhotoComparison;
  readonly receptiveFields?: { readonly photos: number; readonly studies: readonly PlacedStudy[] };
  /** Of the shipped model, and of an ablation's network with RCUs. */
  readonly probes?: readonly ProbedNetwork[];
  readonly ablations: readonly Ablation[];
  readonly times?: readonly MeasuredTime[];
}

/** Shipped models and the data set that each can be measured on. */
export const MODELS = [
  { model: "voc", dataset: "voc" },
  { model: "camvid", dataset: "camvid" },
  { model: "camvid-ndnet45", dataset: "camvid" },
] as const;
/** The network of Figure 3 and Table 4 that is shipped, with its maps before and after CRP. */
export const STUDIED = { model: "voc", dataset: "voc" } as const;
export const FIELD_MAPS = [
  { place: "before CRP", at: "fusion4" },
  { place: "after CRP", at: "crp4" },
  { place: "after the first summation", at: "fusion3" },
] as const;
export const PROBED_MAPS = [
  { place: "before CRP", at: "fusion4" },
  { place: "after CRP", at: "crp4" },
] as const;
/** Few photos and steps long enough for minutes on a CPU. */
export const FIELD = { photos: 60, step: 16 } as const;
/** Few enough for minutes on a CPU, where a pass of the largest network takes seconds. */
export const TIMED = { runs: 10, warmup: 2, device: "cpu" } as const;
export const SCALES = [0.5, 0.75, 1, 1.25, 1.5, 1.75];

/**
 * Measures what the data at hand allow of the paper's tables and figures, on the shipped models.
 *
 * @throws LightsegError as data sets, models and the engine do; the signal's reason
 */
export async function measurePaper(options: MeasurePaperOptions): Promise<PaperMeasurements> {
  const { ablations } = options;
  const times = options.time && (await measureTimes(options.time, options.signal));
  const accuracies: MeasuredAccuracy[] = [];
  for (const { model, dataset } of MODELS) {
    const folder = options.data.get(dataset);
    if (folder === undefined) continue;
    const openSplit = (split: string) => findDataset(dataset).open(folder, split);
    const samples = takeFirst(await openSplit("val"), options.limit);
    for (const isMultiScale of options.multiScale ? [false, true] : [false])
      accuracies.push(await measureAccuracy(model, { samples, openSplit, isMultiScale }, options));
  }
  const comparison = options.photos.length > 0 ? await comparePhotos(options) : undefined;
  const folder = options.data.get(STUDIED.dataset);
  return {
    accuracies,
    ablations,
    ...(times && { times }),
    ...(comparison && { comparison }),
    ...(folder !== undefined && {
      receptiveFields: await measureFields(folder, options),
      probes: await measureProbes(folder, ablations, options),
    }),
  };
}

/** The networks of Table 2 at its size, then NDNet and FRM at that of Cityscapes. */
async function measureTimes(
  time: NonNullable<MeasurePaperOptions["time"]>,
  signal: AbortSignal,
): Promise<MeasuredTime[]> {
  const rows = [
    ...comparePaper()
      .filter(({ table }) => table === 2)
      .map(({ network }) => ({ network, size: publishedRuntime.size })),
    ...compareRelatives().map(({ network }) => ({ network, size: cityscapesConditions.size })),
  ];
  const times: MeasuredTime[] = [];
  for (const row of rows) {
    signal.throwIfAborted();
    times.push({ ...row, forward: await time(row.network, row.size) });
  }
  return times;
}

interface MeasureAccuracyOptions {
  readonly samples: Dataset;
  readonly openSplit: (split: string) => Promise<Dataset>;
  readonly isMultiScale: boolean;
}

async function measureAccuracy(
  name: string,
  { samples, openSplit, isMultiScale }: MeasureAccuracyOptions,
  { threads, onProgress, signal }: MeasurePaperOptions,
): Promise<MeasuredAccuracy> {
  const model = await loadModel({ model: name });
  const engine = { open: openNodeSession, threads };
  const predictor = isMultiScale
    ? await createAveragingPredictor(model, { ...engine, scales: SCALES, flip: true, signal })
    : single(createPredictor(model, engine));
  const views = isMultiScale ? "multi-scale, mirrored" : "single scale";
  try {
    const task = `${name}: ${views}`;
    const { miou, pixelAccuracy } = await evaluate(samples, {
      predict: predictor.predict,
      signal,
      onProgress: (done, total) => onProgress?.({ task, done, total }),
    });
    const { name: dataset, split, size: photos } = samples;
    const trainedPhotos = await countTrainedPhotos(model, samples, openSplit);
    const about = { model: name, network: model.network, dataset, split, photos, trainedPhotos };
    return { ...about, views, miou, pixelAccuracy };
  } finally {
    await predictor.dispose();
  }
}

function single(predictor: ReturnType<typeof createPredictor>) {
  return { predict: predictLabels(predictor), dispose: () => predictor.dispose() };
}

function comparePhotos({
  photos,
  threads,
  onProgress,
  signal,
}: MeasurePaperOptions): Promise<PhotoComparison> {
  async function* read() {
    for (const path of photos) yield { id: basename(path), photo: await decodePhoto(path) };
  }
  const names = MODELS.map(({ model }) => model);
  return withModels(names, { threads }, (models) =>
    compareModels(read(), models, {
      total: photos.length,
      signal,
      onProgress: (done, total) => onProgress?.({ task: "Figure 2", done, total }),
    }),
  );
}

async function measureFields(folder: string, { limit, threads, onProgress, signal }: MeasurePaperOptions) {
  const most = Math.min(limit ?? FIELD.photos, FIELD.photos);
  const samples = takeFirst(await findDataset(STUDIED.dataset).open(folder, "val"), most);
  const model = await loadModel({ model: STUDIED.model });
  const photos = photosOf(samples);
  const studies: PlacedStudy[] = [];
  for (const { place, at } of FIELD_MAPS) {
    const options = {
      at,
      photos,
      step: FIELD.step,
      signal,
      onProgress: ({ task, ...counts }: StudyProgress) => onProgress?.({ task: `${at}: ${task}`, ...counts }),
    };
    const study = await studyReceptiveField(model, options, { open: openNodeSession, threads });
    studies.push({ ...study, place });
  }
  return { photos: samples.size, studies };
}

async function measureProbes(
  folder: string,
  ablations: readonly Ablation[],
  options: MeasurePaperOptions,
): Promise<ProbedNetwork[]> {
  const { open } = findDataset(STUDIED.dataset);
  const train = takeFirst(await open(folder, "train"), options.limit);
  const val = takeFirst(await open(folder, "val"), options.limit);
  const probed = [
    { model: STUDIED.model, ...(await probe(STUDIED.model, PROBED_MAPS, { train, val }, options)) },
  ];
  const withRcu = ablations
    .filter(({ dataset }) => dataset === STUDIED.dataset)
    .flatMap(({ rows }) => rows)
    // Its maps have the authors' names on every backbone.
    .find(({ network }) => findNetwork(network).decoder === lightWeightRefineNetWithRcu);
  if (!withRcu) return probed;
  return [...probed, await probe(withRcu.weights, publishedProbes, { train, val }, options)];
}

async function probe(
  name: string,
  places: readonly { readonly place: string; readonly at: string }[],
  { train, val }: { train: Dataset; val: Dataset },
  { threads, onProgress, signal }: MeasurePaperOptions,
): Promise<ProbedNetwork> {
  const model = await loadModel({ model: name });
  const options = {
    at: places.map(({ at }) => at),
    train,
    val,
    signal,
    onProgress: ({ task, ...counts }: StudyProgress) =>
      onProgress?.({ task: `Table 4, ${model.network}: ${task}`, ...counts }),
  };
  const maps = await probeNetwork(model, options, { open: openNodeSession, threads });
  return {
    network: model.network,
    train: train.size,
    val: val.size,
    maps: maps.map((map, index) => ({ ...map, place: places[index]?.place ?? "" })),
  };
}
