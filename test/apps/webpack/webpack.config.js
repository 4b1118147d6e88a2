import { fileURLToPath } from "node:url";

export default {
  entry: "./main.js",
  output: { path: fileURLToPath(new URL("public", import.meta.url)), filename: "bundle.js" },
  performance: { hints: false },
  devServer: { static: "public", hot: false, client: false },
};
