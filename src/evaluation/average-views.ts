import { checkInteger } from "../check.ts";
import { LightsegError } from "../errors.ts";
import { positionIn } from "../grid.ts";
import { checkPhoto } from "../images/check.ts";
import { resizePhoto } from "../images/resample.ts";
import type { Palette, Photo } from "../images/types.ts";
import type { Prediction } from "../inference/confidence.ts";
import { interpolationWeights, type Upsampling } from "./interpolation.ts";
import { type AxisPart, ProbabilitySum, type ScoreMap } from "./probability-sum.ts";
import { coverAxis, type Span } from "./windows.ts";

/** Which views of a photo are averaged, and how. */
export interface ViewOptions {
  /** Factors by which the photo is resized, each 0.1 to 8. Defaults to 1 alone. */
  scales?: readonly number[];
  /** Whether to average with the photo mirrored left to right, too. Defaults to false. */
  flip?: boolean;
  /**
   * Size of the pieces that the network sees one at a time, in pixels of the resized photo. Defaults to the
   * whole photo.
   */
  window?: readonly [height: number, width: number];
  /**
   * Distance between windows, in pixels of the resized photo, at most their size. Defaults to two thirds of
   * it.
   */
  stride?: readonly [height: number, width: number];
  /**
   * How scores are brought to the photo's size. Defaults to `bilinear`, as in `segment`; `bicubic` is what
   * the authors of Light-Weight RefineNet measured with.
   */
  upsampling?: Upsampling;
}

/** View options, checked and with their defaults. */
export type Views = ReturnType<typeof checkViews>;

/** @throws LightsegError INVALID_ARGUMENT */
export function checkViews({
  scales = [1],
  flip = false,
  window,
  stride,
  upsampling = "bilinear",
}: ViewOptions) {
  if (scales.length === 0) throw invalid("scales", "must not be empty");
  for (const scale of scales) {
    if (!(scale >= 0.1 && scale <= 8)) throw invalid("scales", "must be from 0.1 to 8", scale);
  }
  if (stride && !window) throw invalid("stride", "needs a window");
  const side = (axis: 0 | 1) => {
    if (!window) return {};
    checkInteger(window[axis], "checkViews", "window");
    const step = stride?.[axis] ?? Math.ceil((2 * window[axis]) / 3);
    checkInteger(step, "checkViews", "stride", 1, window[axis]);
    return { window: window[axis], stride: step };
  };
  return { scales, flip, rows: side(0), columns: side(1), upsampling };
}

/** A network as a function, and what has to be known about its input and output. */
export interface ScoringNetwork {
  /** The raw scores of a photo of any size. */
  score(photo: Photo): Promise<ScoreMap>;
  readonly classes: number;
  /** How its scores lie on its input: PyTorch's `align_corners`. */
  readonly alignCorners: boolean;
  /** The color of what is added to photos smaller than a window. */
  readonly fill: Palette[number];
}

/**
 * Labels a photo by the mean of the probabilities of several views of it.
 *
 * Each view's scores are interpolated at the photo's pixels that it shows, and turned into probabilities
 * (softmax). Their mean over windows, directions and scales is taken at the photo's size, and the highest
 * class wins. Windows cover the resized photo from its upper left corner; the last of each row and column is
 * shifted inwards. A window larger than the photo is padded right and below. Memory holds one probability per
 * class and pixel, and one view.
 *
 * @param options.signal stops between two views; the promise then rejects with the signal's reason
 */
export async function averageViews(
  photo: Photo,
  network: ScoringNetwork,
  { scales, flip, rows, columns, upsampling, signal }: Views & { signal?: AbortSignal },
): Promise<Prediction> {
  checkPhoto(photo, "averageViews");
  const { width, height } = photo;
  const { classes, alignCorners, fill } = network;
  const sum = new ProbabilitySum({ classes, width, height });
  const directions = flip ? [false, true] : [false];
  for (const scale of scales) {
    const scaledWidth = Math.max(1, Math.round(width * scale));
    const scaledHeight = Math.max(1, Math.round(height * scale));
    const scaled = resizePhoto(photo, scaledWidth, scaledHeight);
    const across = coverAxis({ extent: width, scaled: scaledWidth, ...columns });
    const down = coverAxis({ extent: height, scaled: scaledHeight, ...rows });
    const windows = down.flatMap((y) => across.map((x) => ({ x, y })));
    for (const mirrored of directions) {
      for (const { x, y } of windows) {
        signal?.throwIfAborted();
        const scores = await network.score(cutOut(scaled, { x, y, mirrored, fill }));
        const part = (span: Span, size: number, reversed: boolean) =>
          reachOf(span, { size, alignCorners, reversed, upsampling });
        sum.add(scores, part(y, scores.height, false), part(x, scores.width, mirrored));
      }
    }
  }
  return { ...sum.best(), confidence: sum.confidence() };
}

/** The pixels of a span, and where they lie in the scores of its window. */
function reachOf(
  { start, positions, weights, length }: Span,
  options: { size: number; alignCorners: boolean; reversed: boolean; upsampling: Upsampling },
): AxisPart {
  const { size, reversed, upsampling } = options;
  // OpenCV, whose bicubic resizing this is, never aligns the centers of corner pixels.
  const alignCorners = options.alignCorners && upsampling === "bilinear";
  const places = positions.map((pixel) =>
    positionIn(reversed ? length - 1 - pixel : pixel, { inSize: size, outSize: length, alignCorners }),
  );
  return { start, weights, taps: interpolationWeights(places, size, upsampling) };
}

/** A window of a photo, mirrored if asked for. Pixels outside the photo have the color `fill`. */
function cutOut(
  photo: Photo,
  { x, y, mirrored, fill }: { x: Span; y: Span; mirrored: boolean; fill: Palette[number] },
): Photo {
  const width = x.length;
  const height = y.length;
  const data = new Uint8Array(width * height * 3);
  for (let row = 0, out = 0; row < height; row++) {
    for (let column = 0; column < width; column++, out += 3) {
      const fromX = x.offset + (mirrored ? width - 1 - column : column);
      const fromY = y.offset + row;
      const inside = fromX < photo.width && fromY < photo.height;
      const source = inside ? photo.data : fill;
      const from = inside ? (fromY * photo.width + fromX) * 3 : 0;
      for (let channel = 0; channel < 3; channel++) data[out + channel] = source[from + channel] ?? 0;
    }
  }
  return { width, height, data };
}

function invalid(argument: string, rule: string, value?: unknown): LightsegError {
  return new LightsegError({ code: "INVALID_ARGUMENT", where: "checkViews", argument, rule, value });
}
