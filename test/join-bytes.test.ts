import { expect, it } from "vitest";
import { joinBytes } from "../src/join-bytes.ts";

it("puts the bytes of all parts one behind the other", () => {
  const part = Uint8Array.of(9, 1, 2, 9).subarray(1, 3);
  expect(joinBytes([part, new Uint8Array(), Uint8Array.of(3)])).toEqual(Uint8Array.of(1, 2, 3));
  expect(joinBytes([])).toEqual(new Uint8Array());
});
