import { LightsegError } from "../errors.ts";
import { readDescription } from "../model-files/description.ts";
import { nameNetwork } from "../models/zoo.ts";

export interface BaseFile {
  /** Names it in errors. */
  readonly file: string;
  /** The zoo's name of the backbone, where the manifest says that these are weights of an encoder alone. */
  readonly backbone?: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * The network whose weights a base holds: one on the encoder of the manifest, or what the model file says.
 *
 * @throws LightsegError INVALID_WEIGHTS for a file that does not say it
 */
export function networkOfBase({ file, backbone, metadata }: BaseFile): string {
  if (backbone !== undefined) return nameNetwork({ backbone, decoder: "refinenet-lw-mobile" });
  const described = readDescription(metadata, file);
  if (described) return described.network;
  throw new LightsegError({
    code: "INVALID_WEIGHTS",
    where: "fineTune",
    file,
    argument: "base",
    rule: "must be a model file, which says what network it is of",
    hint: "imagenet, voc, camvid, or best.safetensors of a run",
  });
}
