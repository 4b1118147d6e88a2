import { describe, expect, it } from "vitest";
import { decodePhoto } from "../../../src/images/node/decode.ts";
import { encodePng } from "../../../src/images/node/encode.ts";
import { gradient, photoOf, rejectionOf } from "../helpers.ts";

describe("encodePng", () => {
  it("keeps every pixel", async () => {
    for (const photo of [
      gradient(31, 17),
      photoOf(1, 1, () => [0, 128, 255]),
      photoOf(9, 9, () => [7, 7, 7]),
    ]) {
      expect(await decodePhoto(await encodePng(photo))).toEqual(photo);
    }
  });

  it("refuses malformed pixels", async () => {
    await rejectionOf(encodePng({ width: 2, height: 2, data: new Uint8Array(1) }), "INVALID_IMAGE");
  });
});
