/** Writes a kernel as the text of one JavaScript function: plain loops over typed arrays, every result rounded to single precision. */
import type { Formula } from '../../formula/formula';
import type { Reduction } from '../../formula/reductions';
import type { KernelSpec } from '../fused/plan';

const INFIX: Record<string, string> = { add: '+', sub: '-', mul: '*', div: '/', lt: '<', le: '<=', gt: '>', ge: '>=', eq: '===', and: '&&', or: '||' };
const CALL: Record<string, string> = { min: 'Math.min', max: 'Math.max', abs: 'Math.abs', sqrt: 'Math.sqrt', floor: 'Math.floor', pow: 'Math.pow' };
/** These give a number that single precision holds already. */
const EXACT = new Set(['min', 'max', 'abs', 'neg', 'floor', 'select']);

/** The text of `(launch) => void`. Only operations from the tables above and numbers get into it. */
export function emit(spec: KernelSpec): string {
  const head = [
    ...spec.inputs.map((_, index) => `const input${index} = launch.inputs[${index}];`),
    ...spec.stores.map((_, index) => `const output${index} = launch.outputs[${index}];`),
    ...spec.units.map((_, index) => `const unit${index} = launch.units[${index}];`),
    ...spec.uniforms.map((each, index) => `const uniform${index} = ${each.mask ? `launch.uniforms[${index}] !== 0` : `fround(launch.uniforms[${index}])`};`),
    ...spec.reduces.map((each, index) => (spec.isUnit(each)
      ? `const unitResult${index} = launch.unitResults[${index}].fill(${start(each)});`
      : `let result${index} = ${start(each)};`)),
    'const { rows, columns, inner } = launch;',
  ];
  const perUnit = spec.units.length > 0 || spec.reduces.some((each) => spec.isUnit(each));
  const body = new Body(spec).lines;
  const loops = perUnit
    ? ['for (let row = 0, at = 0; row < rows; row++) for (let unit = 0; unit < columns; unit++) for (let k = 0; k < inner; k++, at++) {', ...body, '}']
    : ['for (let at = 0; at < columns; at++) {', ...body, '}'];
  const tail = spec.reduces.map((each, index) => {
    const isNorm = each.attribute === 'norm';
    if (!spec.isUnit(each)) return `launch.results[${index}] = ${isNorm ? `Math.sqrt(result${index})` : `result${index}`};`;
    return isNorm ? `for (let unit = 0; unit < columns; unit++) unitResult${index}[unit] = Math.sqrt(unitResult${index}[unit]);` : '';
  });
  return ['"use strict";', 'const fround = Math.fround;', 'return (launch) => {', ...head, ...loops, ...tail, '};'].join('\n');
}

const start = (formula: Formula): string => (formula.attribute === 'max' ? '-Infinity' : '0');

class Body {
  readonly lines: string[] = [];
  private readonly names = new Map<Formula, string>();

  constructor(private readonly spec: KernelSpec) {
    const values = spec.stores.map((each) => this.visit(each));
    values.forEach((value, index) => this.lines.push(`output${index}[at] = ${value};`));
    spec.reduces.forEach((each, index) => {
      const value = this.visit(each.args[0]!), target = spec.isUnit(each) ? `unitResult${index}[unit]` : `result${index}`;
      const kind = each.attribute as Reduction;
      this.lines.push(kind === 'max' ? `${target} = Math.max(${target}, ${value});` : `${target} += ${kind === 'norm' ? `${value} * ${value}` : value};`);
    });
  }

  private visit(formula: Formula): string {
    const { spec } = this, at = spec.resolve(formula);
    if (at.operation === 'const') return at.mask ? String(at.attribute !== 0) : literal(Math.fround(at.attribute as number));
    const known = this.names.get(at);
    if (known) return known;
    const text = this.text(at), name = `value${this.names.size}`;
    this.names.set(at, name);
    this.lines.push(`const ${name} = ${text};`);
    return name;
  }

  private text(at: Formula): string {
    const { spec } = this;
    const input = spec.inputs.indexOf(at), unit = spec.units.indexOf(at), uniform = spec.uniforms.indexOf(at);
    if (input >= 0) return `input${input}[at]`;
    if (uniform >= 0) return `uniform${uniform}`;
    if (unit >= 0) return at.mask ? `unit${unit}[unit] !== 0` : `fround(unit${unit}[unit])`;
    const args = at.args.map((each) => this.visit(each)), [a, b, c] = args;
    const text = at.operation === 'select' ? `${a} ? ${b} : ${c}`
      : at.operation === 'not' ? `!${a}`
        : at.operation === 'neg' ? `-${a}`
          : at.operation === 'finite' ? `${a} - ${a} === 0`
            : INFIX[at.operation] ? `${a} ${INFIX[at.operation]} ${b}`
              : CALL[at.operation] ? `${CALL[at.operation]}(${args.join(', ')})`
                : refuse(at);
    return at.mask || EXACT.has(at.operation) ? text : `fround(${text})`;
  }
}

function refuse(formula: Formula): never {
  throw new TypeError(`[core] ${formula.operation}: works on values per step or per variable, not on elements; use custom() there`);
}

const literal = (value: number): string => (value < 0 || Object.is(value, -0) ? `(${Object.is(value, -0) ? '-0' : value})` : String(value));
