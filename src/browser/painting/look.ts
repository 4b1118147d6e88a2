import { checkChoice, checkKeys, checkRange } from "../../check.ts";
import type { Palette } from "../../images/types.ts";

/** How a segmented picture is painted. */
export interface Look {
  /**
   * `overlay`: the colors of the classes over the picture; `blur`: the chosen classes before the blurred
   * picture; `cutout`: the chosen classes alone, all else transparent. Defaults to `overlay`.
   */
  effect?: "overlay" | "blur" | "cutout";
  /**
   * For each class, 0..1: how far its color covers the picture, or, for the other effects, how far it is
   * chosen. Defaults to 0.5 for an overlay; for the other effects to 0 for the first class, which is the
   * background in most data sets, and 1 for the rest.
   */
  strengths?: readonly number[];
  /**
   * The edges of what is chosen, for `blur` and `cutout`. `hard`: those of the labels; `soft`: a pixel is as
   * opaque as the network is sure of it, which needs scores where a picture is painted by
   * `SegmentationPainter`. Defaults to `hard`.
   */
  edges?: "hard" | "soft";
  /** The colors of the classes in an overlay. Defaults to the model's palette. */
  colors?: Palette;
  /** Share of the width, from the left, that shows the picture as it is, 0..1. Defaults to 0. */
  before?: number;
}

const LOOK: readonly (keyof Look)[] = ["effect", "strengths", "edges", "colors", "before"];

/** @throws LightsegError INVALID_ARGUMENT for what a look does not have, or a number out of range */
export function checkLook(look: Look): Look {
  checkKeys(look, LOOK, "paint");
  checkChoice(look.effect ?? "overlay", ["overlay", "blur", "cutout"], "paint", "effect");
  checkChoice(look.edges ?? "hard", ["hard", "soft"], "paint", "edges");
  checkRange(look.before ?? 0, "paint", "before", [0, 1]);
  for (const strength of look.strengths ?? []) checkRange(strength, "paint", "strengths", [0, 1]);
  return look;
}

/** Whether a picture in this look has soft edges. */
export function hasSoftEdges({ effect = "overlay", edges }: Look): boolean {
  return edges === "soft" && effect !== "overlay";
}

/** How strong each class is in a look, 0..1. */
export function strengthsOf({ effect = "overlay", strengths }: Look, classes: number): readonly number[] {
  const usual = (label: number) => (effect === "overlay" ? 0.5 : Number(label > 0));
  return Array.from({ length: classes }, (_, label) => strengths?.[label] ?? usual(label));
}

/** The radius of the blur in pixels, for a picture of this width. */
export function blurRadius(width: number): number {
  return Math.max(4, Math.round(width / 60));
}
