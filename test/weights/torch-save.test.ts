import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { python, runPython } from "../support/torch.ts";
import { decodePytorch } from "../support/weights.ts";

describe.skipIf(python === undefined)("what PyTorch writes (needs Debian's python3-torch)", () => {
  /** Saves checkpoints in both containers and prints the float32 bits of the expected tensors. */
  const script = `
import collections, json, sys, numpy, torch
folder = sys.argv[1]
torch.manual_seed(0)
net = torch.nn.DataParallel(torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3, bias=False), torch.nn.BatchNorm2d(4)))
optimizer = torch.optim.Adam(net.parameters())
net(torch.randn(2, 3, 8, 8)).sum().backward()
optimizer.step()
base = torch.arange(24.).reshape(4, 6)
odd = {
    "double": torch.randn(3, dtype=torch.float64), "half": torch.randn(3).half(), "bfloat": torch.randn(3).bfloat16(),
    "long": torch.tensor([-1, 2**40]), "byte": torch.tensor([1, 255], dtype=torch.uint8), "bool": torch.tensor([True]),
    "short": torch.tensor([-5], dtype=torch.int16), "char": torch.tensor([-5], dtype=torch.int8),
    "scalar": torch.tensor(2.5), "empty": torch.zeros(0, 3), "transposed": base.t(), "column": base[:, 2],
    "slice": base[1:3, 2:5], "expanded": torch.tensor([[1.], [2.]]).expand(2, 3),
    "parameter": torch.nn.Parameter(torch.randn(2, 2)), "tied": base,
}
found = {}
def save(name, content, expected):
    torch.save(content, f"{folder}/{name}.pth")
    torch.save(content, f"{folder}/{name}.pth.tar", _use_new_zipfile_serialization=False)
    found[name] = [[k, list(v.shape), v.detach().float().contiguous().numpy().tobytes().hex()] for k, v in expected.items()]
plain = {k[len("module."):]: v for k, v in net.state_dict().items()}
save("plain", net.state_dict(), plain)
save("full", {"epoch": 3, "best_val": numpy.float64(0.5), "best": numpy.float32(1).reshape(()), "size": torch.Size([2, 3]),
    "args": {"lr": [1e-3, None, True], "name": "x"}, "optimizer": optimizer.state_dict(),
    "segmenter": net.state_dict()}, plain)
save("odd", {"model": odd}, odd)
save("protocol", odd, odd)
torch.save(odd, f"{folder}/protocol.pth", pickle_protocol=4)
print(json.dumps(found))
`;
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lightseg-torch-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("is read bit for bit, from both containers", () => {
    const found = z.record(z.string(), z.array(z.tuple([z.string(), z.array(z.number()), z.string()])));
    for (const [name, tensors] of Object.entries(found.parse(runPython(script, folder)))) {
      for (const extension of ["pth", "pth.tar"]) {
        const path = join(folder, `${name}.${extension}`);
        const weights = decodePytorch(readFileSync(path), path);
        const read = [...weights].map(([tensor, { shape, data }]) => {
          return [tensor, shape, Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex")];
        });
        expect({ path, read }).toEqual({ path, read: tensors });
      }
    }
  });
});
