import { type ErrorCode, LightsegError } from "../errors.ts";
import { isRecord } from "../is-record.ts";
import { type Scope, type Setting, settings } from "./settings.ts";

type Settings = typeof settings;
type Name = keyof Settings;
type ValueOf<N extends Name> = Settings[N] extends Setting<infer T> ? T : never;
type With<Condition> = { [N in keyof Settings as Settings[N] extends Condition ? N : never]: ValueOf<N> };

type Required = With<{ presence: "required" }>;
type Optional = With<{ presence: "optional" }>;
type Defaulted = With<{ presence: "defaulted" }>;
type OfStage = keyof With<{ scope: "stage" }>;

type OwnSettings = Required & Defaulted & Partial<Optional>;
/** The settings of one stage, complete. */
export type StageConfig = Pick<OwnSettings, OfStage>;
/** Everything that decides the result of a training; stored in the run's folder as `config.json`. */
export type TrainingConfig = OwnSettings & { stages: Partial<StageConfig>[] };
/** The settings of a training; those left out have defaults. */
export type TrainingOptions = Required &
  Partial<Defaulted & Optional> & {
    /** Stages in order. Each has the settings above but for its own. Defaults to one, `[{}]`. */
    stages?: Partial<StageConfig>[];
  };

/** The table's settings by name, for code that goes through all of them. */
export const settingsByName: ReadonlyMap<string, Setting<unknown>> = new Map(Object.entries(settings));

/** The stages of a training, each with all its settings. */
export function resolveStages(config: TrainingConfig): StageConfig[] {
  return config.stages.map((own) => ({ ...config, ...own }));
}

/** Replaces settings in every stage. */
export function overrideSettings<T extends Partial<TrainingOptions>>(
  settings: T,
  overrides: Partial<TrainingOptions>,
): T & Partial<TrainingOptions> {
  const names = new Set(Object.keys(overrides));
  const stages = settings.stages?.map((own) =>
    Object.fromEntries(Object.entries(own).filter(([name]) => !names.has(name))),
  );
  return { ...settings, ...(stages && { stages }), ...overrides };
}

export interface ParseConfigOptions {
  /** The function that the error names. Defaults to `train`. */
  where?: string;
  /** The file that the settings come from. */
  file?: string;
  /** Defaults to INVALID_ARGUMENT. */
  code?: ErrorCode;
}

/** Fills in the defaults. @throws LightsegError that names the setting at fault */
export function parseTrainingConfig(options: unknown, errors: ParseConfigOptions = {}): TrainingConfig {
  const refuse = refuser(errors);
  if (!isRecord(options)) throw refuse("options", "must be an object", options);
  const { stages = [{}], ...own } = withoutUndefined(options);
  if (!Array.isArray(stages) || stages.length === 0) throw refuse("stages", "must be a list", stages);
  const config = { ...withDefaults(own), ...own };
  requireSettings(config, errors);
  return {
    ...config,
    stages: stages.map((stage: unknown, index) => {
      if (!isRecord(stage)) throw refuse(`stages.${index}`, "must be an object", stage);
      const settings = withoutUndefined(stage);
      checkSettings(settings, { ...errors, scope: "stage", prefix: `stages.${index}.` });
      return settings;
    }),
  };
}

export interface CheckSettingsOptions extends ParseConfigOptions {
  /** `stage`: settings of the run are refused. Defaults to `run`, which takes all. */
  scope?: Scope;
  /** Stands before the name of the setting at fault. */
  prefix?: string;
}

/** Checks settings of which any may be absent. @throws LightsegError that names the setting at fault */
export function checkSettings(
  values: Record<string, unknown>,
  { scope = "run", prefix = "", ...errors }: CheckSettingsOptions = {},
): asserts values is Partial<OwnSettings> {
  const refuse = refuser(errors);
  for (const [name, value] of Object.entries(values)) {
    const setting = settingsByName.get(name);
    if (!setting) throw refuse(`${prefix}${name}`, "is not a setting");
    if (scope === "stage" && setting.scope === "run")
      throw refuse(`${prefix}${name}`, "is a setting of the whole run, not of a stage");
    const refusal = setting.type.check(value);
    if (refusal) throw refuse(`${prefix}${name}${refusal.part}`, refusal.rule, refusal.value);
  }
}

function requireSettings(
  values: Record<string, unknown>,
  errors: ParseConfigOptions,
): asserts values is OwnSettings {
  const missing = [...settingsByName.keys()].find(
    (name) => settingsByName.get(name)?.presence === "required" && values[name] === undefined,
  );
  // First, as the missing one may be misspelt.
  checkSettings(values, errors);
  if (missing !== undefined) throw refuser(errors)(missing, "is required");
}

function refuser(errors: ParseConfigOptions) {
  return (argument: string, rule: string, value?: unknown) =>
    new LightsegError({ code: "INVALID_ARGUMENT", where: "train", ...errors, argument, rule, value });
}

/** Settings with their defaults, in the order of the table. */
function withDefaults(own: Record<string, unknown>): Record<string, unknown> {
  const all = [...settingsByName].map(([name, setting]) => [name, own[name] ?? setting.default] as const);
  return withoutUndefined(Object.fromEntries(all));
}

function withoutUndefined(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
