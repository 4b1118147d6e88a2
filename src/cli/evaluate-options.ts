import { checkViews, type ViewOptions } from "../evaluation/average-views.ts";
import { BOUNDARY_TOLERANCE } from "../evaluation/boundary.ts";
import { readNumber } from "../value-types.ts";
import type { Arguments, Option } from "./arguments.ts";
import { choice, flag, real, size } from "./options.ts";

const scales: Option<number[]> = {
  name: "scales",
  value: "X,...",
  help: "Average over the photo resized by these factors (default 1)",
  rule: "factors from 0.1 to 8 with commas between them, such as 0.5,1,1.5",
  parse(typed) {
    const factors = typed.split(",").map(readNumber);
    const valid = factors.filter((factor) => factor !== undefined && factor >= 0.1 && factor <= 8);
    return valid.length === factors.length ? valid.filter((factor) => factor !== undefined) : undefined;
  },
};
const flip = flag("flip", "Average over the photo and its mirror image");
const window = size("window", "Segment pieces of this height x width (default: the whole photo)");
const stride: Option<readonly [height: number, width: number]> = {
  name: "stride",
  value: "HxW|N",
  help: "Distance between the windows (default two thirds of their size)",
  rule: "height x width in pixels or one number for both, each 1 to 9999, such as 128x160 or 128",
  parse: (typed) => window.parse(typed.includes("x") ? typed : `${typed}x${typed}`),
  check: window.check,
};
const upsampling = choice(
  "upsampling",
  "KIND",
  ["bilinear", "bicubic"],
  "Interpolation of the logits to the photo's size: bilinear, bicubic (default bilinear)",
);
const boundary = flag("boundary", "Also measure how well the outlines of each class were found");
const tolerance = real(
  "boundary-tolerance",
  "X",
  { min: 0, max: 1 },
  `How far off an outline may be, as a share of the diagonal, 0..1 (default ${BOUNDARY_TOLERANCE})`,
);

const meanOver: Option<string[]> = {
  name: "mean-over",
  value: "NAME,...",
  help: "Also print the mean IoU of these classes alone",
  rule: "names of classes with commas between them, such as cat,dog",
  parse(typed) {
    const names = typed.split(",").map((name) => name.trim());
    return names.includes("") ? undefined : names;
  },
};

/** The options that say how photos are looked at and what is measured. */
export const measureOptions = [scales, flip, window, stride, upsampling, boundary, tolerance, meanOver];

/**
 * The views that were asked for; undefined where the photo is to be segmented once, as a whole, as `segment`
 * does.
 */
export function typedViews(args: Arguments): ViewOptions | undefined {
  if (![scales, flip, window, stride, upsampling].some((option) => args.has(option))) return undefined;
  const views = {
    scales: args.get(scales),
    flip: args.has(flip),
    window: args.get(window),
    stride: args.get(stride),
    upsampling: args.get(upsampling),
  };
  checkViews(views);
  return views;
}

/** How outlines are to be measured; undefined where they are not. */
export function typedBoundary(args: Arguments): { tolerance: number | undefined } | undefined {
  if (args.has(boundary)) return { tolerance: args.get(tolerance) };
  if (args.has(tolerance)) throw args.usageError("--boundary-tolerance", "is for --boundary");
  return undefined;
}

/**
 * The classes whose mean IoU was asked for, by name and label; undefined where none were. @throws a usage
 * error for an unknown one
 */
export function typedMeanOver(
  args: Arguments,
  classes: readonly string[],
): { names: readonly string[]; labels: number[] } | undefined {
  const names = args.get(meanOver);
  if (!names) return undefined;
  const unknown = names.find((name) => !classes.includes(name));
  if (unknown !== undefined)
    throw args.usageError(
      "--mean-over",
      `must name classes of the data set (${classes.join(", ")})`,
      unknown,
    );
  return { names, labels: names.map((name) => classes.indexOf(name)) };
}
