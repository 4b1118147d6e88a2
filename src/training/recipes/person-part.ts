import { threeHundredEpochs } from "./paper.ts";
import type { Recipe } from "./recipe.ts";

/** The paper's, Sec. 4: "the same training strategy as for NYUDv2". */
export const personPart: Recipe = {
  name: "person-part",
  summary: "the paper's: as nyudv2",
  datasets: ["person-part"],
  build: ({ network, folder }) => ({
    network,
    dataset: "person-part",
    data: folder("person-part"),
    ...threeHundredEpochs(network),
  }),
};
