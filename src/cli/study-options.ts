import { takeFirst } from "../datasets/dataset.ts";
import { findDataset } from "../datasets/index.ts";
import { LightsegError } from "../errors.ts";
import { decodePhoto } from "../images/node/decode.ts";
import type { Model } from "../model-files/model.ts";
import { loadModel } from "../model-files/node/load.ts";
import { type Photos, photosOf } from "../studies/photos.ts";
import type { Arguments, Option } from "./arguments.ts";
import { findPhotos } from "./find-photos.ts";
import { classes, data, dataset, integer, text, weights } from "./options.ts";

/** The maps of a network that a study looks at. */
export const at: Option<string> = {
  ...text("at", "NAME", "A map: what the block or layer NAME gives, or before:NAME; may be repeated"),
  repeatable: true,
};

export const limit = integer(
  "limit",
  "N",
  { min: 1 },
  "Photos that are looked at, the first ones (default all)",
);

/** The model of a study, in float32: int8 has no maps and no gradients. */
export function loadStudied(args: Arguments): Promise<Model> {
  return loadModel({ model: args.operands[0], weights: args.get(weights), classes: args.get(classes) });
}

/** Photos of a data set's split, or of a folder. */
export async function openPhotos(
  args: Arguments,
  { where, split }: { where: string; split: string },
): Promise<Photos> {
  const folder = args.require(data);
  const name = args.get(dataset);
  const most = args.get(limit) ?? Number.POSITIVE_INFINITY;
  if (name !== undefined) return photosOf(takeFirst(await findDataset(name).open(folder, split), most));
  const { photos } = await findPhotos([folder], where);
  return {
    size: Math.min(most, photos.length),
    load(index) {
      const photo = photos[index];
      if (photo === undefined) throw outOfRange(where, index);
      return decodePhoto(photo);
    },
  };
}

function outOfRange(where: string, value: number): LightsegError {
  const rule = "must be a photo of the folder";
  return new LightsegError({ code: "INVALID_ARGUMENT", where, argument: "index", rule, value });
}
