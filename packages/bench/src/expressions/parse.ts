/** Reads expressions from text with a JavaScript parser, and takes only what is data: nothing is ever evaluated. */
import { parseExpressionAt, type Expression, type PrivateIdentifier, type Property, type SpreadElement, type Super } from 'acorn';
import { UsageError } from '../errors';
import { Call, Chain, Options, type Value } from './expression';

type Node = Expression | PrivateIdentifier | SpreadElement | Super | null;

/** Parses a comma-separated list of expressions; commas inside parentheses do not split. */
export function parseList(text: string): Value[] {
  let tree: Expression;
  try {
    tree = parseExpressionAt(text, 0, { ecmaVersion: 2022 });
  } catch (error) {
    throw new UsageError(`[bench] cannot read ${JSON.stringify(text)}: ${(error as Error).message}`, { cause: error });
  }
  const rest = text.slice(tree.end).trim();
  if (rest) throw new UsageError(`[bench] cannot read ${JSON.stringify(text)}: expected an end, got ${JSON.stringify(rest)}`);
  return (tree.type === 'SequenceExpression' ? tree.expressions : [tree]).map((each) => toValue(each, text));
}

/** Parses one expression. */
export function parse(text: string): Value {
  const values = parseList(text);
  if (values.length !== 1) throw new UsageError(`[bench] expected one expression, got ${values.length} in ${JSON.stringify(text)}`);
  return values[0]!;
}

function toValue(node: Node, text: string): Value {
  const refuse = (): never => {
    const part = node ? text.slice(node.start, node.end) : 'a gap';
    throw new UsageError(`[bench] cannot read ${JSON.stringify(text)}: expected names, calls, numbers, strings, lists and objects, got ${JSON.stringify(part)}`);
  };
  switch (node?.type) {
    case 'Literal':
      return node.value === undefined || typeof node.value === 'bigint' ? refuse() : node.value;
    case 'Identifier':
      return node.name === 'Infinity' ? Infinity : new Call(node.name, []);
    case 'MemberExpression':
      return new Call(nameOf(node) ?? refuse(), []);
    case 'UnaryExpression': {
      const operand = node.operator === '-' ? toValue(node.argument, text) : refuse();
      return typeof operand === 'number' ? -operand : refuse();
    }
    case 'ArrayExpression':
      return node.elements.map((element) => toValue(element, text));
    case 'ObjectExpression':
      return new Options(new Map(node.properties.map((property) => entry(property, text, refuse))));
    case 'CallExpression':
      return new Call(nameOf(node.callee) ?? refuse(), node.arguments.map((argument) => toValue(argument, text)));
    case 'BinaryExpression': {
      if (node.operator !== '|') return refuse();
      return new Chain([node.left, node.right].flatMap((side) => {
        const value = toValue(side, text);
        if (value instanceof Chain) return value.links;
        return value instanceof Call ? [value] : refuse();
      }));
    }
    default:
      return refuse();
  }
}

/** `byNorm`, or a dotted name such as `tf.train.adam`; undefined for anything else. */
function nameOf(node: Expression | PrivateIdentifier | Super): string | undefined {
  if (node.type === 'Identifier') return node.name;
  if (node.type !== 'MemberExpression' || node.computed || node.optional || node.property.type !== 'Identifier') return undefined;
  const owner = nameOf(node.object);
  return owner && `${owner}.${node.property.name}`;
}

function entry(property: Property | SpreadElement, text: string, refuse: () => never): [string, Value] {
  if (property.type !== 'Property' || property.computed || property.kind !== 'init' || property.method || property.shorthand) return refuse();
  const { key } = property;
  const name = key.type === 'Identifier' ? key.name : key.type === 'Literal' && typeof key.value === 'string' ? key.value : refuse();
  if (name === '__proto__') return refuse();
  return [name, toValue(property.value, text)];
}
