import { describe, expect, it } from "vitest";
import { buildNetwork } from "../../src/models/network.ts";
import { findTap } from "../../src/studies/tap.ts";

const network = buildNetwork({ network: "refinenet-lw-rcu-50", classes: 2, size: [1, 64, 64] });
const find = (name: string) => findTap(network, name, "probeNetwork");

describe("findTap", () => {
  it("finds what blocks and layers give and get", () => {
    const crp = find("mflow_conv_g1_pool");
    const before = find("before:mflow_conv_g1_pool");
    expect([before.op, crp.op]).toEqual(["relu", "add"]);
    expect(before.inputs).toEqual([find("adapt_stage1_b")]);
    expect(find("before:adapt_stage1_b")).toBe(find("p_ims1d2_outl1_dimred"));
    expect(find("clf_conv")).toBe(network.scores);
    expect(find("before:clf_conv")).toBe(find("mflow_conv_g4_b"));
  });

  it.each([
    ["nope", "NOT_FOUND", /blocks: conv1, layer1, .*fusion4/],
    ["before:fusion2", "INVALID_ARGUMENT", /computed from 2 maps/],
    ["", "NOT_FOUND", /must be a block or layer/],
  ])("refuses %j", (name, code, message) => {
    expect(() => find(name)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});
