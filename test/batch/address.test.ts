import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyOfId, parseAddress, publicAddress } from "../../src/batch/address.ts";
import { writeLabelPng } from "../../src/batch/label-png.ts";
import { mapConcurrently } from "../../src/batch/map-concurrently.ts";
import { decodeMask } from "../../src/images/node/mask.ts";

describe("parseAddress", () => {
  it("takes keys as they are, with spaces and percent signs", () => {
    const address = parseAddress("s3://shop/a b/100%.jpg");
    expect(address).toEqual({ kind: "s3", bucket: "shop", key: "a b/100%.jpg" });
  });

  it("refuses passwords without showing them", () => {
    for (const text of ["https://me:geheim@host/a.jpg", "s3://AKIA:geheim@bucket/a"]) {
      expect(() => parseAddress(text)).toThrowError(expect.not.stringContaining("geheim"));
      expect(() => parseAddress(text)).toThrow();
    }
  });
});

it("leaves what is secret out of an address, and keeps the rest", () => {
  const signed =
    "https://host/a.jpg?size=2&X-Amz-Signature=geheim&X-Amz-Credential=geheim&sig=geheim&token=geheim";
  expect(publicAddress(signed)).toBe("https://host/a.jpg?size=2");
  expect(publicAddress("https://me:geheim@host/a.jpg")).toBe("https://host/a.jpg");
});

it("gives each id a key of its own, which stays in the folder", () => {
  expect(keyOfId("a/ü b.jpg")).toBe("a/ü b.jpg");
  expect(keyOfId("../../etc/passwd")).toBe("%2E%2E/%2E%2E/etc/passwd");
  const id = fc.string({ maxLength: 250 });
  fc.assert(
    fc.property(id, id, (one, other) => {
      expect(
        keyOfId(one)
          .split("/")
          .some((name) => /^\.*$/.test(name) || Buffer.byteLength(name) > 250),
      ).toBe(false);
      expect(keyOfId(one) === keyOfId(other)).toBe(one === other);
    }),
    { numRuns: 50 },
  );
});

it("writes label maps that read back the same", async () => {
  const labels = {
    width: 7,
    height: 5,
    data: Uint8Array.from({ length: 35 }, (_, index) => (index * 7) % 256),
  };
  expect(decodeMask(await writeLabelPng(labels, [[1, 2, 3]]), "mask")).toEqual(labels);
});

it("keeps the order, the limit, and the first failure", async () => {
  let now = 0;
  let most = 0;
  const work = async (item: number) => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, (item * 7) % 5));
    now--;
    if (item === 13) throw new Error("thirteen");
    return item * 2;
  };
  const items = [1, 2, 3, 4, 5, 6, 7, 8];
  expect(await mapConcurrently(items, 3, work)).toEqual(items.map((item) => item * 2));
  expect(most).toBe(3);
  await expect(mapConcurrently([1, 13, 2], 2, work)).rejects.toThrow("thirteen");
});
