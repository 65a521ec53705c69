import ts from 'typescript';

/** As in `LOCK_HELD` or `USAGE`; AWS's own codes and those of Node look otherwise. */
const CODE = /^[A-Z]{2,}(_[A-Z]+)*$/;

/** What a file without an error code of its own does not contain; spares it being parsed. */
const WORTH_PARSING = /\bcode\b|'[A-Z]{2,}[A-Z_]*'/;

/**
 * The error codes of our own that these sources give to errors: as the property `code` of an object, or as the argument
 * for a parameter `code` of one of their functions. They are parsed only, so it takes a second or two.
 *
 * @param sources texts of TypeScript files
 * @returns sorted, each once
 */
export function errorCodesIn(sources: readonly string[]): string[] {
  const nodes = sources
    .filter((text) => WORTH_PARSING.test(text))
    .flatMap((text) => everyNode(ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest)));
  const places = new Map(nodes.flatMap(codeParameterOf));
  const codes = nodes.flatMap((node) => {
    if (ts.isPropertyAssignment(node) && isCode(node.name)) return codesOf(node.initializer);
    if (ts.isParameter(node) && isCode(node.name)) return codesOf(node.initializer);
    if (!ts.isCallExpression(node)) return [];
    return codesOf(node.arguments[places.get(calledName(node) ?? '') ?? -1]);
  });
  return [...new Set(codes)].sort();
}

function everyNode(node: ts.Node): ts.Node[] {
  const inner: ts.Node[] = [];
  ts.forEachChild(node, (child) => void inner.push(child));
  return [node, ...inner.flatMap(everyNode)];
}

const isCode = (name: ts.Node): boolean => ts.isIdentifier(name) && name.text === 'code';

/** Name of a function or method that has a parameter `code`, and which one it is. */
function codeParameterOf(node: ts.Node): [name: string, place: number][] {
  const [name, made] = ts.isVariableDeclaration(node) ? [node.name, node.initializer] : [undefined, node];
  if (!made || !ts.isFunctionLike(made)) return [];
  const named = name ?? made.name;
  const place = made.parameters.findIndex((parameter) => isCode(parameter.name));
  if (place < 0 || !named || !(ts.isIdentifier(named) || ts.isPrivateIdentifier(named))) return [];
  return [[named.text, place]];
}

/** `usageError`, and `#error` of `this.#error(...)`. */
function calledName({ expression }: ts.CallExpression): string | undefined {
  if (ts.isIdentifier(expression)) return expression.text;
  return ts.isPropertyAccessExpression(expression) ? expression.name.text : undefined;
}

/** The codes that an expression may have as its value: both of `stuck ? 'STUCK' : 'NEVER_READY'`. */
function codesOf(expression: ts.Expression | undefined): string[] {
  if (!expression) return [];
  if (ts.isConditionalExpression(expression)) return [expression.whenTrue, expression.whenFalse].flatMap(codesOf);
  return ts.isStringLiteral(expression) && CODE.test(expression.text) ? [expression.text] : [];
}
