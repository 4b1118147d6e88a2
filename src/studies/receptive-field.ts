/**
 * Receptive fields of a trained network, measured three ways: by the windows of its ops, by occluders that
 * slide over photos (Zhou et al., "Object Detectors Emerge in Deep Scene CNNs", ICLR 2015), and by gradients
 * (Luo et al., "Understanding the Effective Receptive Field", NeurIPS 2016).
 */
import { receptiveField } from "../analysis/receptive-field.ts";
import { checkInteger } from "../check.ts";
import type { Region } from "../graph/region.ts";
import { shape4 } from "../graph/shape.ts";
import { positionIn } from "../grid.ts";
import { resizePhoto } from "../images/resample.ts";
import type { Model } from "../model-files/model.ts";
import { buildNetwork } from "../models/network.ts";
import { normalizeInto } from "../models/preprocessing.ts";
import { createRandom, deriveSeed } from "../random.ts";
import type { Engine, TensorData } from "../runtime/session.ts";
import { FieldAverage, type FieldMap } from "./field-map.ts";
import { countOcclusions, measureDiscrepancy } from "./occlusion.ts";
import { openGradient, openMap } from "./open-map.ts";
import type { Photos, StudyProgress } from "./photos.ts";
import { findTap } from "./tap.ts";
import { type Peak, TopPhotos, type Unit } from "./top-units.ts";

/** Options of `studyReceptiveField`. */
export interface StudyReceptiveFieldOptions {
  /** The map: `NAME` of a block or layer for what it gives, `before:NAME` for what it gets. */
  at: string;
  photos: Photos;
  /** Photos are squeezed to this height and width, in pixels. Defaults to 224 x 224. */
  size?: readonly [height: number, width: number] | undefined;
  /** Units (channels) that are studied, those with the highest activations. Defaults to 4. */
  units?: number | undefined;
  /** Photos of each unit, those on which it is most active. Defaults to 5. */
  top?: number | undefined;
  /** Side of the occluder, in pixels. Defaults to 22. */
  occluder?: number | undefined;
  /** Pixels from one place of the occluder to the next. Defaults to 8. */
  step?: number | undefined;
  /** Seed of the occluder's pixels. Defaults to 0. */
  seed?: number | undefined;
  onProgress?: (progress: StudyProgress) => void;
  /** Stops after the run of the network under way, with the signal's reason. */
  signal?: AbortSignal;
}

/** A photo of a unit. */
export interface StudiedPeak extends Peak {
  /** How far each pixel, `[H, W]`, changes the unit, as a share of its activation. */
  readonly discrepancy: Float32Array;
}

/** A unit, what it is most active on, and how far it sees. */
export interface StudiedUnit extends Unit {
  readonly peaks: readonly StudiedPeak[];
  readonly empirical: FieldMap;
}

/** The receptive fields at a map. */
export interface ReceptiveFieldStudy {
  readonly at: string;
  /** Height and width of the photos, in pixels. */
  readonly size: readonly [height: number, width: number];
  /** Channels, height and width of the map. */
  readonly map: readonly [channels: number, height: number, width: number];
  /** Of the unit in the middle of the map, by the windows of the ops; endless behind global ops. */
  readonly theoretical: Region;
  /** By gradients: mean over units and their photos, at the place where the unit is most active. */
  readonly effective: FieldMap;
  /** By occluders: mean over the units. */
  readonly empirical: FieldMap;
  readonly units: readonly StudiedUnit[];
}

type Size = readonly [height: number, width: number];

const WHERE = "studyReceptiveField";
const SIZE: Size = [224, 224];
const DEFAULTS = { size: SIZE, units: 4, top: 5, occluder: 22, step: 8 } as const;

/**
 * Measures receptive fields at a feature map of a trained network.
 *
 * All photos are looked at once, for the units that are most active and the photos they are most active on.
 * Then occluders slide over these photos, and the gradient of each unit is taken on each of them.
 *
 * @throws LightsegError NOT_FOUND for an unknown map, INVALID_ARGUMENT for options out of range, RUNTIME if
 *   the engine fails; the signal's reason
 */
export async function studyReceptiveField(
  { network: name, classes, preprocessing, weights }: Model,
  options: StudyReceptiveFieldOptions,
  engine: Engine,
): Promise<ReceptiveFieldStudy> {
  const { at, photos, size = DEFAULTS.size, onProgress, signal } = options;
  checkOptions(options);
  const [height, width] = size;
  const network = buildNetwork({ network: name, classes: classes.length, size: [1, ...size] });
  const tap = findTap(network, at, WHERE);
  const [, channels, rows, columns] = shape4(WHERE, tap);
  const middle = { row: Math.floor(rows / 2), column: Math.floor(columns / 2) };
  const theoretical = receptiveField(tap, network.image, middle);
  const read = async (index: number) => {
    const image = new Float32Array(3 * height * width);
    normalizeInto(resizePhoto(await photos.load(index), width, height), preprocessing, image, 0);
    return image;
  };
  const countUp = (task: string, total: number) => {
    let done = 0;
    return () => {
      signal?.throwIfAborted();
      done += 1;
      onProgress?.({ task, done, total });
    };
  };

  const opened = { weights, engine };
  const forward = await openMap(tap, network.image, opened);
  let units: { unit: number; peaks: StudiedPeak[] }[];
  try {
    const tops = await findTops({ run: forward.run, read, photos, options, countUp });
    units = await occludeTops(tops, { run: forward.run, read, size, options, countUp, map: [rows, columns] });
  } finally {
    await forward.dispose();
  }
  const centerOf = ({ row, column }: Peak) => ({
    row: positionIn(row, { inSize: height, outSize: rows, alignCorners: false }),
    column: positionIn(column, { inSize: width, outSize: columns, alignCorners: false }),
  });
  const empirical = new FieldAverage(size);
  const studied = units.map(({ unit, peaks }): StudiedUnit => {
    const own = new FieldAverage(size);
    for (const peak of peaks)
      for (const average of [own, empirical]) average.add(peak.discrepancy, centerOf(peak));
    return { unit, peaks, empirical: own.finish() };
  });

  const effective = new FieldAverage(size);
  const gradient = await openGradient(tap, network.image, opened);
  try {
    const derived = countUp("gradients", studied.flatMap(({ peaks }) => peaks).length);
    for (const { unit, peaks } of studied)
      for (const peak of peaks) {
        const values = await gradient.run(await read(peak.photo), placeOf(unit, peak, [rows, columns]));
        effective.add(acrossChannels(values, height * width), centerOf(peak));
        derived();
      }
  } finally {
    await gradient.dispose();
  }
  return {
    at,
    size,
    map: [channels, rows, columns],
    theoretical,
    effective: effective.finish(),
    empirical: empirical.finish(),
    units: studied,
  };
}

/** What the steps of a study share. */
interface Step {
  run(image: Float32Array<ArrayBuffer>): Promise<TensorData>;
  read(index: number): Promise<Float32Array<ArrayBuffer>>;
  options: StudyReceptiveFieldOptions;
  countUp(task: string, total: number): () => void;
}

async function findTops({ run, read, photos, options, countUp }: Step & { photos: Photos }): Promise<Unit[]> {
  const tops = new TopPhotos(options.top ?? DEFAULTS.top);
  const looked = countUp("photos", photos.size);
  for (let index = 0; index < photos.size; index++) {
    tops.add(index, await run(await read(index)));
    looked();
  }
  return tops.mostActive(options.units ?? DEFAULTS.units);
}

/** Slides occluders over the photos of the units; a photo of several units is gone over once. */
async function occludeTops(
  units: readonly Unit[],
  { run, read, options, countUp, size, map }: Step & { size: Size; map: Size },
): Promise<{ unit: number; peaks: StudiedPeak[] }[]> {
  const { occluder = DEFAULTS.occluder, step = DEFAULTS.step, seed = 0 } = options;
  const all = units.flatMap(({ unit, peaks }) =>
    peaks.map((peak) => ({ peak, place: placeOf(unit, peak, map) })),
  );
  const shown = new Set(all.map(({ peak }) => peak.photo));
  const onRun = countUp("occluders", shown.size * countOcclusions(size, { occluder, step }));
  const found = new Map<Peak, StudiedPeak>();
  for (const photo of shown) {
    const here = all.filter(({ peak }) => peak.photo === photo);
    const places = here.map(({ place }) => place);
    const random = createRandom(deriveSeed("occluder", seed, photo));
    const maps = await measureDiscrepancy(await read(photo), {
      run,
      size,
      occluder,
      step,
      onRun,
      places,
      random,
    });
    for (const [index, { peak }] of here.entries()) {
      const discrepancy = maps[index];
      if (discrepancy) found.set(peak, { ...peak, discrepancy });
    }
  }
  return units.map(({ unit, peaks }) => ({
    unit,
    peaks: peaks.flatMap((peak) => found.get(peak) ?? []),
  }));
}

/** Where the value of a unit at its peak lies in the data of the map. */
function placeOf(unit: number, { row, column }: Peak, [rows, columns]: Size): number {
  return (unit * rows + row) * columns + column;
}

/** The absolute values of a gradient `[3, H, W]`, summed over the colors. */
function acrossChannels(values: ArrayLike<number>, pixels: number): Float32Array {
  return Float32Array.from({ length: pixels }, (_, pixel) =>
    [0, 1, 2].reduce((sum, channel) => sum + Math.abs(values[channel * pixels + pixel] ?? 0), 0),
  );
}

function checkOptions(options: StudyReceptiveFieldOptions): void {
  const { photos, size = DEFAULTS.size, units = DEFAULTS.units, top = DEFAULTS.top } = options;
  const { occluder = DEFAULTS.occluder, step = DEFAULTS.step } = options;
  checkInteger(size[0], WHERE, "size", 32, 2048);
  checkInteger(size[1], WHERE, "size", 32, 2048);
  checkInteger(units, WHERE, "units", 1, 4096);
  checkInteger(top, WHERE, "top", 1, 1000);
  checkInteger(occluder, WHERE, "occluder", 1, Math.min(...size));
  checkInteger(step, WHERE, "step", 1, Math.min(...size));
  checkInteger(photos.size, WHERE, "photos");
}
