import { z } from "zod";
import { LightsegError } from "../errors.ts";
import { PHOTO_ENDINGS } from "../images/node/decode.ts";
import { plural } from "../plural.ts";
import { hasExtent, type Segmentation } from "./coco-regions.ts";
import { readJsonItems } from "./json-items.ts";
import { vocLabels } from "./voc.ts";

/** An object or, where `isCrowd`, a region with many of them that are not told apart. */
export interface CocoObject {
  readonly id: number;
  /** Its class in VOC's numbering. */
  readonly label: number;
  readonly isCrowd: boolean;
  /** In pixels. */
  readonly area: number;
  readonly segmentation: Segmentation;
}

export interface CocoPhoto {
  readonly fileName: string;
  readonly width: number;
  readonly height: number;
  /** Of VOC's classes only, in the order of the file. */
  readonly objects: readonly CocoObject[];
}

/** COCO's names of VOC's classes, where they differ. */
const vocNames: Readonly<Record<string, string>> = {
  airplane: "aeroplane",
  couch: "sofa",
  motorcycle: "motorbike",
  tv: "tv monitor",
};

const length = z.int().min(1);
const category = z.object({ id: z.int(), name: z.string() });
const image = z.object({
  id: z.int(),
  file_name: z.string().refine(isPhotoName, "must be the name of a photo below its folder"),
  width: length,
  height: length,
});
const classOnly = z.object({ category_id: z.int() });
const annotation = z.object({
  id: z.int(),
  image_id: z.int(),
  iscrowd: z.literal([0, 1]).default(0),
  area: z.number(),
  segmentation: z.union(
    [
      z.array(z.array(z.number())),
      z.object({ counts: z.union([z.string(), z.array(z.number())]), size: z.tuple([length, length]) }),
    ],
    "must be polygons [[x, y, x, y, …], …] or runs { counts, size }",
  ),
});

function isPhotoName(name: string): boolean {
  const isBelow = !name.startsWith("/") && !name.includes("\\") && !name.split("/").includes("..");
  return isBelow && PHOTO_ENDINGS.some((ending) => name.toLowerCase().endsWith(ending));
}

/** What an annotation file says. */
export interface CocoFile {
  readonly photos: readonly CocoPhoto[];
  /** Objects without pixels, counted. */
  readonly warnings: readonly string[];
}

/**
 * Reads the photos of `instances_*.json` that show at least one object of VOC's classes, in the order of the
 * file.
 *
 * @param layout the expected files, shown as a hint when the file is missing
 * @throws LightsegError NOT_FOUND when it is missing; INVALID_DATASET when it is malformed or has no such
 *   photo
 */
export async function readCocoPhotos(file: string, layout: string): Promise<CocoFile> {
  const labelOf = new Map<number, number>();
  const photos = new Map<number, CocoPhoto & { objects: CocoObject[] }>();
  // Categories come after the annotations that refer to them, so that the file is read twice.
  await readJsonItems(file, {
    layout,
    visitors: new Map([
      [
        "categories",
        (item) => {
          const { id, name } = parse(category, item, file, "categories");
          const label = vocLabels.classes.indexOf(vocNames[name] ?? name);
          if (label > 0) labelOf.set(id, label);
        },
      ],
      [
        "images",
        (item) => {
          const { id, file_name: fileName, width, height } = parse(image, item, file, "images");
          // Files that were put together of several have ids twice, and objects of one photo on another.
          if (photos.has(id)) throw invalid(file, "images", "must have an id once", `id ${id}`);
          photos.set(id, { fileName: fileName.normalize("NFC"), width, height, objects: [] });
        },
      ],
    ]),
  });
  const empty: number[] = [];
  const visit = (item: unknown) => {
    const label = labelOf.get(parse(classOnly, item, file, "annotations").category_id);
    if (label === undefined) return;
    const { id, image_id, iscrowd, area, segmentation } = parse(annotation, item, file, "annotations");
    const photo = photos.get(image_id);
    if (!photo) throw invalid(file, `annotation ${id}`, "must have an image that is listed", image_id);
    if (!hasExtent(segmentation, photo)) empty.push(id);
    photo.objects.push({ id, label, isCrowd: iscrowd === 1, area, segmentation });
  };
  await readJsonItems(file, { layout, visitors: new Map([["annotations", visit]]) });

  const shown = [...photos.values()].filter(({ objects }) => objects.some(({ isCrowd }) => !isCrowd));
  if (shown.length === 0) throw invalid(file, "images", "must have a photo with an object of VOC's classes");
  return { photos: shown, warnings: empty.length > 0 ? [describeEmpty(file, empty)] : [] };
}

function describeEmpty(file: string, ids: readonly number[]): string {
  const objects = plural(ids.length, "object has", "objects have");
  const drawn = ids.length === 1 ? "is" : "are";
  const more = ids.length > 3 ? ", …" : "";
  return `${file}: ${objects} no area (a segmentation that is empty, has fewer than three points or lies outside of its photo) and ${drawn} drawn nowhere: annotation ${ids.slice(0, 3).join(", ")}${more}`;
}

function parse<T>(schema: z.ZodType<T>, item: unknown, file: string, list: string): T {
  const result = schema.safeParse(item);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const key = [list, ...(issue?.path ?? [])].join(".");
  const id = z.object({ id: z.int() }).safeParse(item).data?.id;
  throw invalid(file, key, issue?.message ?? "must be valid", id === undefined ? undefined : `id ${id}`);
}

function invalid(file: string, argument: string, rule: string, value?: unknown): LightsegError {
  return new LightsegError({ code: "INVALID_DATASET", where: "open", file, argument, rule, value });
}
