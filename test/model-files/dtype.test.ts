import { expect, it } from "vitest";
import { type DtypeRequest, FLOAT_ONLY, INT8_ONLY, resolveDtype } from "../../src/model-files/dtype.ts";

const BOTH = { float: true, int8: true };

it.each<[DtypeRequest, string | undefined, string | undefined, string | undefined]>([
  // choice, of a float model, of one in int8, of one in both; undefined where it is refused
  ["auto", "fp32", "int8", "int8"],
  ["exact", "fp32", "int8", "fp32"],
  ["fp32", "fp32", undefined, "fp32"],
  ["fp16", "fp16", undefined, "fp16"],
  ["int8", undefined, "int8", "int8"],
])("resolves %s", (choice, ...expected) => {
  const resolved = [FLOAT_ONLY, INT8_ONLY, BOTH].map((forms) => {
    try {
      return resolveDtype(choice, forms, "street");
    } catch (error) {
      expect(String(error)).toMatch(/dtype must (not )?be int8 for street, which is (not )?quantized/);
      return undefined;
    }
  });
  expect(resolved).toEqual(expected);
});
