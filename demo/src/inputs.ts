import { part, sayError } from "./page.ts";

/**
 * Files come by the button, are dropped anywhere on the page, or are pasted.
 *
 * @param onFiles also for the same file again
 */
export function connectFiles(onFiles: (files: readonly File[]) => void): void {
  const input = part("file", HTMLInputElement);
  const give = (files: FileList | null | undefined) => {
    if (files && files.length > 0) onFiles([...files]);
  };
  input.addEventListener("change", () => {
    give(input.files);
    // Without this, the same file chosen again would be no change.
    input.value = "";
  });
  const root = document.documentElement;
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    root.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) root.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    root.classList.remove("over");
    give(event.dataTransfer?.files);
  });
  document.addEventListener("paste", (event) => give(event.clipboardData?.files));
}

/** Shows buttons with example photos. */
export function showExamples(names: readonly string[], onPhoto: (photo: File) => void): void {
  part("examples", HTMLElement).replaceChildren(
    ...names.map((name) => {
      const button = document.createElement("button");
      button.type = "button";
      const image = document.createElement("img");
      image.src = `${name}.jpg`;
      image.alt = `Example: ${name}`;
      button.append(image);
      button.addEventListener("click", () => {
        fetchExample(name).then(onPhoto, sayError);
      });
      return button;
    }),
  );
}

export async function fetchExample(name: string): Promise<File> {
  const answer = await fetch(`${name}.jpg`);
  if (!answer.ok) throw new Error(`The example photo could not be loaded (${answer.status}).`);
  return new File([await answer.blob()], `${name}.jpg`, { type: "image/jpeg" });
}
