import { describe, expect, it } from "vitest";
import { countCost } from "../../src/analysis/cost.ts";
import { buildNetwork } from "../../src/models/network.ts";
import { ablations, decoders } from "../../src/models/zoo.ts";

const options = { classes: 3, size: [64, 64] } as const;
const costOf = (network: string) => countCost({ network, ...options }).parameters.decoder;
const kindsOf = (network: string) =>
  new Set(buildNetwork({ network, classes: 3 }).blocks.map(({ kind }) => kind));

describe("decoders with a part left out", () => {
  it("have names of their own", () => {
    expect(Object.keys(ablations).filter((name) => Object.hasOwn(decoders, name))).toEqual([]);
  });

  it("lack that part alone, by its parameters", () => {
    // CRP has 4 convolutions 1x1 at each of 4 levels, of 512 channels at the coarsest.
    const crp = 4 * (512 ** 2 + 3 * 256 ** 2);
    expect(costOf("refinenet-lw+resnet-18") - costOf("refinenet-lw-no-crp+resnet-18")).toBe(crp);
    // An RCU has two 3x3 convolutions, one with biases; 2 before and 3 behind CRP, but for 512 channels.
    const rcu = (channels: number) => 2 * 9 * channels ** 2 + channels;
    expect(costOf("refinenet+resnet-18") - costOf("refinenet-no-rcu+resnet-18")).toBe(
      5 * (rcu(512) + 3 * rcu(256)),
    );
    expect(costOf("frm-no-contrast+van-b0")).toBe(costOf("frm-van-b0"));
    const { frm } = countCost({ network: "frm-van-b0", ...options }).parametersByGroup;
    expect(frm).toBeGreaterThan(4e6);
    expect(costOf("frm-van-b0") - costOf("frm-no-module+van-b0")).toBe(frm);
  });

  it("show no such block", () => {
    expect(kindsOf("refinenet-lw-no-crp+resnet-18")).not.toContain("light-weight CRP");
    expect(kindsOf("refinenet-no-rcu+resnet-18")).not.toContain("RCU");
    expect(kindsOf("frm-no-module+van-b0")).not.toContain("FRM");
  });

  it("train without the contrastive term", () => {
    const termsOf = (network: string) =>
      buildNetwork({ network, ...{ classes: 3, size: [1, 64, 64] }, auxiliary: true }).lossTerms;
    expect(termsOf("frm-van-b0")).toHaveLength(1);
    expect(termsOf("frm-no-contrast+van-b0")).toHaveLength(0);
  });
});
