import { broadcastShapes } from "../shape.ts";
import { defineOp, scalar, type Tensor } from "../tensor.ts";
import { sumTo } from "./reduction.ts";

/** What sets one binary op apart from another: its ONNX type and the derivatives before broadcasting is undone. */
interface Binary {
  name: string;
  onnxType: string;
  gradient(a: Tensor, b: Tensor, dy: Tensor): [da: Tensor, db: Tensor];
}

function defineBinary({ name, onnxType, gradient }: Binary) {
  return defineOp<[a: Tensor, b: Tensor], undefined>({
    name,
    infer: ([a, b]) => ({ shape: broadcastShapes(name, a.shape, b.shape) }),
    gradient({ inputs: [a, b] }, dy) {
      const [da, db] = gradient(a, b, dy);
      return [sumTo(da, a.shape), sumTo(db, b.shape)];
    },
    onnx({ inputs: [a, b], output }, onnx) {
      if (!slowWithScalar(a, b) && !slowWithScalar(b, a)) {
        return onnx.node(onnxType, [onnx.name(a), onnx.name(b)]);
      }
      const flat = (x: Tensor) => (x.shape.length === 0 ? onnx.name(x) : onnx.reshape(onnx.name(x), [-1]));
      const shape = output.shape.map(Number);
      return onnx.reshape(onnx.node(onnxType, [flat(a), flat(b)]), shape);
    },
  });
}

/**
 * ONNX Runtime meets a scalar value by value where the last axis has extent 1, as in the weight of a 1x1 convolution;
 * on a flat view it is 30 times faster, and the view costs nothing.
 */
function slowWithScalar(x: Tensor, scalar: Tensor): boolean {
  const isFixed = x.shape.every((extent) => typeof extent === "number");
  return scalar.shape.length === 0 && x.shape.at(-1) === 1 && isFixed;
}

const addOp = defineBinary({
  name: "add",
  onnxType: "Add",
  gradient: (_a, _b, dy) => [dy, dy],
});

const subtractOp = defineBinary({
  name: "subtract",
  onnxType: "Sub",
  gradient: (_a, _b, dy) => [dy, multiply(dy, scalar(-1))],
});

const multiplyOp = defineBinary({
  name: "multiply",
  onnxType: "Mul",
  gradient: (a, b, dy) => [multiply(dy, b), multiply(dy, a)],
});

const divideOp = defineBinary({
  name: "divide",
  onnxType: "Div",
  // d(a/b) = da / b - a db / b²
  gradient: (a, b, dy) => {
    const da = divide(dy, b);
    return [da, multiply(multiply(da, divide(a, b)), scalar(-1))];
  },
});

const squareRootOp = defineOp<[x: Tensor], undefined>({
  name: "squareRoot",
  infer: ([x]) => ({ shape: x.shape }),
  // d sqrt(x) = dx / (2 sqrt(x))
  gradient: ({ output }, dy) => [divide(multiply(dy, scalar(0.5)), output)],
  onnx: ({ inputs: [x] }, onnx) => onnx.node("Sqrt", [onnx.name(x)]),
});

/** `a + b`, broadcasting as numpy does. */
export function add(a: Tensor, b: Tensor): Tensor {
  return addOp([a, b], undefined);
}

/** `a - b`, broadcasting as numpy does. */
export function subtract(a: Tensor, b: Tensor): Tensor {
  return subtractOp([a, b], undefined);
}

/** `a * b`, broadcasting as numpy does. */
export function multiply(a: Tensor, b: Tensor): Tensor {
  return multiplyOp([a, b], undefined);
}

/** `a / b`, broadcasting as numpy does. */
export function divide(a: Tensor, b: Tensor): Tensor {
  return divideOp([a, b], undefined);
}

/** The square root of every value. */
export function squareRoot(x: Tensor): Tensor {
  return squareRootOp([x], undefined);
}
