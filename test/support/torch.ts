import { spawnSync } from "node:child_process";

/** A Python that has PyTorch; undefined where there is none (on Debian: `apt-get install python3-torch`). */
export const python = ["python3", "/usr/bin/python3"].find(
  // To find it takes a moment, to import it a second.
  (command) =>
    spawnSync(command, ["-c", `import importlib.util as u; exit(not u.find_spec("torch"))`]).status === 0,
);

/** Runs a script and gives what it prints, which must be JSON. */
export function runPython(script: string, ...args: string[]): unknown {
  if (python === undefined) throw new Error("no Python with PyTorch");
  const { status, stdout, stderr } = spawnSync(python, ["-c", script, ...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(`Python failed: ${stderr}`);
  return JSON.parse(stdout);
}
