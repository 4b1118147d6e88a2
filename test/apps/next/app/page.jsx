"use client";
// Imported on the server too, where this page is made first.
import { useEffect } from "react";
import { run } from "../run.js";

export default function Page() {
  useEffect(() => {
    run();
  }, []);
  return <main>lightseg</main>;
}
