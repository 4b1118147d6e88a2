import { paperSettings, threeHundredEpochs } from "./paper.ts";
import type { Recipe } from "./recipe.ts";

/** The paper's, Sec. 4. */
export const nyudv2: Recipe = {
  name: "nyudv2",
  summary: "the paper's: 300 epochs, the rate halved after 100 and 200",
  datasets: ["nyudv2"],
  build: ({ network, folder }) => ({
    network,
    dataset: "nyudv2",
    data: folder("nyudv2"),
    ...threeHundredEpochs(network),
  }),
};

/** The authors' code of 2018: three stages of 100 epochs, each with a new optimizer, the last at 0.2. */
export const nyudv2Code: Recipe = {
  name: "nyudv2-code",
  summary: "the authors' code: three stages of 100 epochs at rates of 1, 1/2 and 1/5",
  datasets: ["nyudv2"],
  build({ network, folder }) {
    const settings = paperSettings(network);
    const stage = (factor: number) => ({
      epochs: 100,
      encoderLearningRate: settings.encoderLearningRate * factor,
      decoderLearningRate: settings.decoderLearningRate * factor,
    });
    return {
      network,
      dataset: "nyudv2",
      data: folder("nyudv2"),
      ...settings,
      schedule: { kind: "stages", boundaries: [], factors: [1] },
      stages: [stage(1), stage(0.5), stage(0.2)],
    };
  },
};
