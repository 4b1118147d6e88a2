import { describe, expect, it } from "vitest";
import { inferClasses, networkParameters, shapesFor } from "../../src/model-files/parameters.ts";
import { initialWeights } from "../../src/models/initialize.ts";
import { buildNetwork, parameterShapes } from "../../src/models/network.ts";
import { networks } from "../../src/models/zoo.ts";

describe("networkParameters", () => {
  it.each(Object.keys(networks))(
    "gives the shapes of %s for any number of classes, built once",
    (network) => {
      const { shapes } = networkParameters(network);
      for (const classes of [1, 7])
        expect(shapesFor(classes, shapes)).toEqual(parameterShapes(buildNetwork({ network, classes })));
    },
  );

  it.each(["refinenet-lw-mobilenet-v2", "frm-van-b0", "ndnet45-fcn8"])(
    "infers the classes of %s",
    (network) => {
      const { parameters } = buildNetwork({ network, classes: 7 });
      const { shapes } = networkParameters(network);
      expect(inferClasses(initialWeights(parameters, { seed: 1 }), shapes)).toBe(7);
      expect(inferClasses(new Map(), shapes)).toBeUndefined();
    },
  );
});
