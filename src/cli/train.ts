import { RunFolder } from "../runs/run-folder.ts";
import { train as trainNetwork } from "../trainer/train.ts";
import type { TrainingEvent } from "../training/events.ts";
import type { Command } from "./arguments.ts";
import { iouTable } from "./evaluate-output.ts";
import { deviceOption, flag, help, json, text } from "./options.ts";
import { formatDuration, formatShare } from "./output.ts";
import type { Progress } from "./progress.ts";
import { summaries } from "./summaries.ts";
import { newSettings, recipeNote, settingOptions, typedSettings } from "./train-options.ts";
import { withInterrupt } from "./with-interrupt.ts";

const run = text("run", "DIR", "Folder of the run, made if absent");
const resume = flag("resume", "Go on with the run in --run; other options may be left out");

const device = deviceOption("auto");

/** Weight of the newest loss in the mean that is shown. */
const NEWEST = 0.05;

export const train: Command = {
  name: "train",
  summary: summaries.train,
  options: [run, resume, ...settingOptions, device, json, help],
  notes: [
    "A new run needs --run and one of these: --data alone, which fine-tunes the default model on your own photos by recipe finetune; --model and --data; --recipe, --model and --data; or --config, which repeats another run. A resumed run needs --run alone. The folder of a run holds config.json, origin.json (versions, hash of the weights), log.jsonl (one line a step), report.html (written anew at each validation), last.safetensors (to resume from) and best.safetensors (highest mean IoU on the validation photos), both of which are model files.",
    recipeNote,
    "Schedules: poly:0.9 lets the learning rates fall to 0 by that power; stages:100,200:1,0.5,0.25 multiplies them by 1, from epoch 100 on by 0.5, from epoch 200 on by 0.25. --warmup goes with both.",
    "Ctrl-C stops after the step or validation under way, with a checkpoint; a second Ctrl-C at once, without. Even then --resume goes on from the last checkpoint and ends with the same weights, bit for bit, given the same machine and threads. Exit code: 130 after Ctrl-C, 143 after SIGTERM.",
  ],
  examples: [
    "lightseg train --data garden --run my-run",
    "lightseg train --model refinenet-lw-mobilenet-v2 --dataset camvid --data camvid --run runs/a",
    "lightseg train --recipe nyudv2 --model refinenet-lw-50 --data NYUDv2 --run runs/nyu --weights resnet50.pth",
    "lightseg train --config runs/a/config.json --epochs 200 --run runs/b",
    "lightseg train --run runs/a --resume",
  ],

  async run(args, print) {
    const path = args.require(run);
    const folder = new RunFolder(path);
    const isResumed = args.has(resume);
    if (!isResumed) await folder.refuseRun();
    const config = await (isResumed ? typedSettings(args) : newSettings(args));
    const note = "stopping after the step or validation under way; once more to stop at once";
    return withInterrupt({ note }, async ({ progress, signal, exitCode }) => {
      const reporter = new Reporter(progress);
      const { step, finished, best } = await trainNetwork({
        run: folder.path,
        config,
        resume: isResumed,
        device: args.get(device),
        onEvent: (event) => reporter.show(event),
        signal,
      });
      progress.end();
      if (best) print(`best mean IoU ${formatShare(best.miou)} after step ${best.step}: ${folder.best}`);
      print(
        finished
          ? `finished after step ${step}`
          : `stopped after step ${step}; go on with: lightseg train --run ${path} --resume`,
      );
      return {
        json: { run: folder.path, step, finished, best: best ?? null, last: folder.last },
        exitCode: finished ? 0 : exitCode(),
      };
    });
  },
};

/** Shows the events of a run on standard error. */
class Reporter {
  readonly #progress: Progress;
  #loss: number | undefined;
  #first: { step: number; time: number } | undefined;

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  show(event: TrainingEvent): void {
    if (event.kind === "note") this.#progress.note(event.text);
    else if (event.kind === "warning") this.#progress.note(`warning: ${event.text}`);
    else if (event.kind === "progress") this.#progress.update(event.task, event.done, event.total);
    else if (event.kind === "step") this.#showStep(event);
    else {
      const { step, miou, pixelAccuracy, iou } = event;
      const title = `validation after step ${step}: mean IoU ${formatShare(miou)}, pixel accuracy ${formatShare(pixelAccuracy)}`;
      this.#progress.note(`${title}\n${iouTable(iou)}`);
    }
  }

  #showStep({ step, epoch, loss, ms, totalSteps }: Extract<TrainingEvent, { kind: "step" }>): void {
    this.#loss = this.#loss === undefined ? loss : this.#loss + NEWEST * (loss - this.#loss);
    const now = performance.now();
    // The first step of a session is slower than the others.
    this.#first ??= { step, time: now };
    const done = step - this.#first.step;
    // The time of validations and checkpoints belongs to the estimate.
    const seconds = done > 0 ? (now - this.#first.time) / done / 1000 : ms / 1000;
    const left = formatDuration(seconds * (totalSteps - step));
    const detail = `epoch ${epoch}  loss ${this.#loss.toFixed(4)}  ${seconds.toFixed(2)} s/step  ${left} left`;
    this.#progress.update("step", step, totalSteps, detail);
  }
}
