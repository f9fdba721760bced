/** Reads expressions from text with a JavaScript parser, and takes only what is data: nothing is ever evaluated. */
import {
  parseExpressionAt,
  type Expression,
  type PrivateIdentifier,
  type Property,
  type SpreadElement,
  type Super,
} from 'acorn';
import { readPattern } from '@clipkit/core';
import { UsageError } from '../errors';
import { Call, Chain, Options, type Value } from './expression';

/** As on a command line; deeper nesting is a mistake or an attack. */
const MOST_CHARACTERS = 10_000;
const MOST_SHOWN = 200;
const DEEPEST = 100;

type Node = Expression | PrivateIdentifier | SpreadElement | Super | null;

/** Parses a comma-separated list of expressions; commas inside parentheses do not split. */
export function parseList(text: string): Value[] {
  if (text.length > MOST_CHARACTERS)
    throw new UsageError(
      `[bench] cannot read ${shown(text)}: an expression has at most ${MOST_CHARACTERS} characters, got ${text.length}`,
    );
  if (deepest(text) > DEEPEST)
    throw new UsageError(
      `[bench] cannot read ${shown(text)}: an expression has at most ${DEEPEST} brackets in one another`,
    );
  try {
    const tree = parseExpressionAt(text, 0, { ecmaVersion: 2022 });
    const rest = text.slice(tree.end).trim();
    if (rest) throw new UsageError(`[bench] cannot read ${shown(text)}: expected an end, got ${shown(rest)}`);
    return (tree.type === 'SequenceExpression' ? tree.expressions : [tree]).map((each) => toValue(each, text));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    // The parser descends into what it reads; without brackets too, as in - - - 1.
    const reason = error instanceof RangeError ? 'it is nested too deep' : (error as Error).message;
    throw new UsageError(`[bench] cannot read ${shown(text)}: ${reason}`, { cause: error });
  }
}

/** How many brackets are open at once; those in texts and patterns count too. */
function deepest(text: string): number {
  let open = 0;
  let most = 0;
  for (const character of text) {
    if ('([{'.includes(character)) open += 1;
    if (')]}'.includes(character)) open -= 1;
    most = Math.max(most, open);
  }
  return most;
}

const shown = (text: string): string =>
  JSON.stringify(text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text);

/** Parses one expression. */
export function parse(text: string): Value {
  const values = parseList(text);
  if (values.length !== 1)
    throw new UsageError(`[bench] expected one expression, got ${values.length} in ${JSON.stringify(text)}`);
  return values[0]!;
}

function toValue(node: Node, text: string): Value {
  const refuse = (): never => {
    const part = node ? text.slice(node.start, node.end) : 'a gap';
    throw new UsageError(
      `[bench] cannot read ${shown(text)}: expected names, calls, numbers, strings, lists and objects, got ` +
        `${shown(part)}`,
    );
  };
  switch (node?.type) {
    case 'Literal':
      if (node.regex) return pattern(node.regex);
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
      return new Call(
        nameOf(node.callee) ?? refuse(),
        node.arguments.map((argument) => toValue(argument, text)),
      );
    case 'BinaryExpression': {
      if (node.operator !== '|') return refuse();
      return new Chain(
        [node.left, node.right].flatMap((side) => {
          const value = toValue(side, text);
          if (value instanceof Chain) return value.links;
          return value instanceof Call ? [value] : refuse();
        }),
      );
    }
    default:
      return refuse();
  }
}

/** A pattern is data here, so it is one that never back-tracks. */
function pattern({ pattern: source, flags }: { pattern: string; flags: string }): RegExp {
  try {
    return readPattern('[bench] cannot read it', source, flags);
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/** `byNorm`, or a dotted name such as `tf.train.adam`; undefined for anything else. */
function nameOf(node: Expression | PrivateIdentifier | Super): string | undefined {
  if (node.type === 'Identifier') return node.name;
  if (node.type !== 'MemberExpression' || node.computed || node.optional || node.property.type !== 'Identifier')
    return undefined;
  const owner = nameOf(node.object);
  return owner && `${owner}.${node.property.name}`;
}

function entry(property: Property | SpreadElement, text: string, refuse: () => never): [string, Value] {
  if (
    property.type !== 'Property' ||
    property.computed ||
    property.kind !== 'init' ||
    property.method ||
    property.shorthand
  )
    return refuse();
  const { key } = property;
  const name =
    key.type === 'Identifier'
      ? key.name
      : key.type === 'Literal' && typeof key.value === 'string'
        ? key.value
        : refuse();
  if (name === '__proto__') return refuse();
  return [name, toValue(property.value, text)];
}
