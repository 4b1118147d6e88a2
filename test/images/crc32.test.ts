import { expect, it } from "vitest";
import { crc32 } from "../../src/images/crc32.ts";

it("is the CRC-32 of ISO 3309", () => {
  // The check value of its specifications, and the chunk IEND of every PNG.
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  expect(crc32(new TextEncoder().encode("IEND"))).toBe(0xae426082);
  expect(crc32(new Uint8Array())).toBe(0);
});
