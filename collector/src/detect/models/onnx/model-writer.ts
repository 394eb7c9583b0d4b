// An ONNX model (onnx.proto of ONNX 1.11): IR version 8, operators of ai.onnx 16 and ai.onnx.ml 3, the first with trees over
// doubles. Field numbers stand beside the messages they are of.
import { ProtoWriter } from './proto-writer.ts';

const IR_VERSION = 8;
const OPSET = 16;
const ML_OPSET = 3;
const ML_DOMAIN = 'ai.onnx.ml';

/** TensorProto.DataType. */
const TYPES = { float: 1, int64: 7, double: 11 } as const;

/** AttributeProto.AttributeType. */
const ATTRIBUTES = { float: 1, integer: 2, text: 3, tensor: 4, integers: 7, texts: 8 } as const;

export interface Tensor {
  type: keyof typeof TYPES;
  /** Empty for one number. */
  shape: readonly number[];
  values: ArrayLike<number>;
}

type Attribute =
  | { kind: 'float' | 'integer'; value: number }
  | { kind: 'text'; value: string }
  | { kind: 'tensor'; value: Tensor }
  | { kind: 'integers'; value: ArrayLike<number> }
  | { kind: 'texts'; value: readonly string[] };

/** What goes in or comes out; a name in the shape is a size that every call may choose. */
interface Port {
  name: string;
  type: keyof typeof TYPES;
  shape: readonly (number | string)[];
}

/** One graph: values by their names, made by nodes from values before them. */
export class ModelWriter {
  readonly #nodes: ProtoWriter[] = [];
  readonly #constants: ProtoWriter[] = [];
  readonly #inputs: ProtoWriter[] = [];
  readonly #outputs: ProtoWriter[] = [];
  #named = 0;

  input(port: Port): string {
    this.#inputs.push(writePort(port));
    return port.name;
  }

  output(port: Port): void {
    this.#outputs.push(writePort(port));
  }

  constant(tensor: Tensor): string {
    const name = `c${this.#named++}`;
    this.#constants.push(writeTensor(tensor).text(8, name));
    return name;
  }

  /** Adds a node; gives the name of its one output, `as` where that is given. */
  node(operator: string, inputs: readonly string[], options: { as?: string; attributes?: Attributes } = {}): string {
    const { as = `v${this.#named++}`, attributes = {} } = options;
    return this.#add(operator, inputs, [as], attributes)[0]!;
  }

  /** As `node`, of the domain ai.onnx.ml. */
  mlNode(operator: string, inputs: readonly string[], attributes: Attributes): string {
    return this.#add(operator, inputs, [`v${this.#named++}`], attributes, ML_DOMAIN)[0]!;
  }

  /** The model as the bytes of a ModelProto. `metadata` is what a reader may want to know beside it. */
  finish(name: string, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
    const graph = new ProtoWriter();
    for (const node of this.#nodes) graph.message(1, node);
    graph.text(2, name);
    for (const constant of this.#constants) graph.message(5, constant);
    for (const input of this.#inputs) graph.message(11, input);
    for (const output of this.#outputs) graph.message(12, output);
    const model = new ProtoWriter().integer(1, IR_VERSION).text(2, 'threatguard').message(7, graph);
    model.message(8, new ProtoWriter().text(1, '').integer(2, OPSET));
    model.message(8, new ProtoWriter().text(1, ML_DOMAIN).integer(2, ML_OPSET));
    for (const [key, value] of Object.entries(metadata))
      model.message(14, new ProtoWriter().text(1, key).text(2, value));
    return model.finish();
  }

  #add(operator: string, inputs: readonly string[], outputs: readonly string[], attributes: Attributes, domain = '') {
    const node = new ProtoWriter();
    for (const input of inputs) node.text(1, input);
    for (const output of outputs) node.text(2, output);
    node.text(4, operator);
    for (const [name, attribute] of Object.entries(attributes)) node.message(5, writeAttribute(name, attribute));
    if (domain) node.text(7, domain);
    this.#nodes.push(node);
    return outputs;
  }
}

export type Attributes = Readonly<Record<string, Attribute>>;

/** AttributeProto: name 1, f 2, i 3, s 4, t 5, ints 8, strings 9, type 20. */
function writeAttribute(name: string, attribute: Attribute): ProtoWriter {
  const writer = new ProtoWriter().text(1, name);
  switch (attribute.kind) {
    case 'float':
      writer.float(2, attribute.value);
      break;
    case 'integer':
      writer.integer(3, attribute.value);
      break;
    case 'text':
      writer.text(4, attribute.value);
      break;
    case 'tensor':
      writer.message(5, writeTensor(attribute.value));
      break;
    case 'integers':
      writer.integers(8, attribute.value);
      break;
    case 'texts':
      for (const each of attribute.value) writer.text(9, each);
  }
  return writer.integer(20, ATTRIBUTES[attribute.kind]);
}

/** TensorProto: dims 1, data_type 2, raw_data 9 (little endian). */
function writeTensor({ type, shape, values }: Tensor): ProtoWriter {
  const width = type === 'float' ? 4 : 8;
  const raw = new DataView(new ArrayBuffer(values.length * width));
  for (let at = 0; at < values.length; at++) {
    if (type === 'float') raw.setFloat32(at * width, values[at]!, true);
    else if (type === 'double') raw.setFloat64(at * width, values[at]!, true);
    else raw.setBigInt64(at * width, BigInt(values[at]!), true);
  }
  return new ProtoWriter().integers(1, shape).integer(2, TYPES[type]).bytes(9, new Uint8Array(raw.buffer));
}

/** ValueInfoProto: name 1, type 2; TypeProto.Tensor: elem_type 1, shape 2; a dimension: value 1 or name 2. */
function writePort({ name, type, shape }: Port): ProtoWriter {
  const sizes = new ProtoWriter();
  for (const size of shape) {
    sizes.message(1, typeof size === 'number' ? new ProtoWriter().integer(1, size) : new ProtoWriter().text(2, size));
  }
  const tensor = new ProtoWriter().integer(1, TYPES[type]).message(2, sizes);
  return new ProtoWriter().text(1, name).message(2, new ProtoWriter().message(1, tensor));
}
