import { expect, it } from "vitest";
import { checkApart } from "../../src/batch/plan.ts";

it("refuses results within the source, and takes them beside it", () => {
  for (const [source, target] of [
    ["s3://shop/photos", "s3://shop/photos-classes"],
    ["s3://shop/photos", "s3://others/photos"],
    ["photos", "photos-classes"],
    ["photos", "..classes"],
    ["s3://shop/photos", "photos"],
  ] as const)
    expect(() => checkApart(source, target)).not.toThrow();
  for (const [source, target] of [
    ["s3://shop/photos", "s3://shop/photos"],
    ["s3://shop/photos/", "s3://shop/photos/classes"],
    ["s3://shop", "s3://shop/classes"],
    ["photos/", "photos/classes"],
    ["/", "/classes"],
  ] as const)
    expect(() => checkApart(source, target)).toThrow(/must not lie within the source/);
});
