/** What TypeScript's symbols, declarations and types say about themselves, for read-api.ts. */
import { resolve } from "node:path";
import { type Node, SyntaxKind, type TypeNode } from "typescript/unstable/ast";
import { SymbolFlags, type Type, type Symbol as TypeSymbol } from "typescript/unstable/sync";

/** The folder of the library's code. */
export const sources = resolve(import.meta.dirname, "..", "src");

/** What declarations have in common, as far as it is read here. */
export interface Declaration extends Node {
  readonly name?: Node;
  readonly type?: TypeNode;
  readonly initializer?: Node;
  readonly modifiers?: readonly Node[];
  readonly parameters?: readonly Declaration[];
  readonly typeParameters?: readonly Node[];
  readonly questionToken?: Node;
  readonly dotDotDotToken?: Node;
}

/** By file, then by place in it: the checker gives exports and members in any order. */
export function comparePlaces({ declarations: [a] }: TypeSymbol, { declarations: [b] }: TypeSymbol): number {
  if (!a || !b) return 0;
  return a.path === b.path ? a.index - b.index : a.path < b.path ? -1 : 1;
}

export function declarationOf(symbol: TypeSymbol): Declaration {
  const declaration = symbol.declarations[0]?.resolve();
  if (!declaration) throw new Error(`${symbol.name} has no declaration`);
  return declaration;
}

/** What a member is called in the code, such as `[Symbol.asyncDispose]`. */
export function nameOf(symbol: TypeSymbol): string {
  return declarationOf(symbol).name?.getText() ?? symbol.name;
}

export function typeParametersOf({ typeParameters = [] }: Declaration): string {
  const texts = typeParameters.map((parameter) => parameter.getText());
  return texts.length > 0 ? `<${texts.join(", ")}>` : "";
}

export function isOptional({ flags }: TypeSymbol): boolean {
  return (flags & SymbolFlags.Optional) !== 0;
}

export function isMethod({ flags }: TypeSymbol): boolean {
  return (flags & SymbolFlags.Method) !== 0;
}

export function isOurs({ declarations }: TypeSymbol): boolean {
  return (
    declarations.length > 0 &&
    declarations.every(({ path }) => path.toLowerCase().startsWith(sources.toLowerCase()))
  );
}

export function hasModifier({ modifiers = [] }: Declaration, kind: SyntaxKind): boolean {
  return modifiers.some((modifier) => modifier.kind === kind);
}

export function isHidden(declaration: Declaration): boolean {
  return (
    hasModifier(declaration, SyntaxKind.PrivateKeyword) ||
    hasModifier(declaration, SyntaxKind.ProtectedKeyword)
  );
}

export function isAnonymous(type: Type): boolean {
  return type.isObjectType() && type.getSymbol()?.name.startsWith("__") === true;
}
