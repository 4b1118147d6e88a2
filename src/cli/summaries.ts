/** What each verb does, in a sentence; apart from the verbs, so that the main help need not load them. */
export const summaries = {
  segment: "Finds the class of every pixel of photos, or of a clip.",
  batch: "Segments very many photos, on this machine or by workers on a queue.",
  train: "Trains a network on a data set, or resumes a run that was stopped.",
  report: "Writes a page about a training run, or a page that compares several.",
  evaluate: "Measures a model on a data set: IoU, accuracy, calibration, boundary F-score.",
  compare: "Shows photos, the truth and the results of several models side by side.",
  data: "Checks a data set before training: reads every photo and mask and lists the faults.",
  export: "Exports a model as ONNX, and checks the file against the model.",
  quantize: "Quantizes a model to int8: smaller and faster, nearly as accurate.",
  benchmark: "Times models on random photos with batch 1, by the paper's protocol.",
  info: "Lists networks and shipped models, or shows one model's parameters, MACs and memory.",
  "receptive-field": "Measures how far units of a network see: by its ops, by gradients, by occluders.",
  probe: "Trains heads on maps of a frozen network: what each of them holds.",
  paper: "Writes a page with the papers' tables and figures beside what this code gives.",
  convert: "Converts weights to another format or precision.",
} as const;
