import { describe, expect, it } from "vitest";
import { comparePaper } from "../../src/analysis/paper.ts";
import { compareRelatives } from "../../src/analysis/relatives.ts";

describe("comparePaper", () => {
  const rows = comparePaper();

  it("finds every published number of parameters", () => {
    const compared = rows.flatMap(({ parameters }) => (parameters ? [parameters] : []));
    expect(compared.length).toBe(9);
    for (const { agrees, published, ours } of compared) {
      expect(agrees).toBe(true);
      expect(Math.round(ours)).toBe(published);
    }
  });

  it("finds the published operations of every ResNet, by one rule", () => {
    const resnets = rows.filter(({ network, operations }) => operations && /-\d+$/.test(network));
    expect(resnets.length).toBe(8);
    for (const { network, operations } of resnets) {
      expect(operations?.agrees, network).toBe(true);
      expect(Math.round(operations?.ours ?? 0), network).toBe(operations?.published);
    }
  });

  it("stays within 2 % for MobileNet-v2, the one row where the rule does not fit to the digit", () => {
    const others = rows.filter(({ operations }) => operations && !operations.agrees);
    expect(others.map(({ network }) => network)).toEqual(["refinenet-lw-mobilenet-v2"]);
    for (const { operations } of others) {
      expect(Math.abs((operations?.ours ?? 0) / (operations?.published ?? 1) - 1)).toBeLessThan(0.02);
    }
  });
});

describe("compareRelatives", () => {
  const rows = compareRelatives();
  const differing = rows.filter(({ operations }) => !operations.agrees).map(({ network }) => network);

  it("finds NDNet's parameters, with the auxiliary head", () => {
    const compared = rows.flatMap(({ parameters }) => (parameters ? [parameters] : []));
    expect(compared.length).toBe(5);
    for (const { published, ours } of compared) expect(ours).toBe(published);
  });

  it("finds NDNet's operations by its authors' counter, but for the rounded 14.0, and FRM's within half a percent", () => {
    expect(differing).toEqual(["ndnet45", "frm-van-b0"]);
    for (const { operations } of rows) {
      expect(Math.abs(operations.ours / operations.published - 1)).toBeLessThan(0.015);
    }
    expect(Math.abs((rows.at(-1)?.operations.ours ?? 0) / 214.82 - 1)).toBeLessThan(0.005);
  });
});
