import { run } from "./run.js";

// This bundler leaves files alone that code names by their address: the build copies them to this folder.
run({ assetsUrl: "lightseg/" });
