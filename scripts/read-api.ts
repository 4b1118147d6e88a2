/**
 * Reads what a file such as src/index.ts exports, as users of the package see it: with inherited members, and
 * with the fields of inferred types.
 *
 * TypeScript's checker says what the types are. Its JavaScript API may change with every version
 * (`typescript/unstable`); the lock file holds ours.
 */
import { join, relative } from "node:path";
import {
  isCallExpression,
  isIdentifier,
  isIndexedAccessTypeNode,
  isObjectLiteralExpression,
  isPropertyAssignment,
  isTypeQueryNode,
  type Node,
  SyntaxKind,
} from "typescript/unstable/ast";
import {
  API,
  type Checker,
  NodeBuilderFlags,
  SignatureKind,
  SymbolFlags,
  type Type,
  type Symbol as TypeSymbol,
} from "typescript/unstable/sync";
import { commentOf, type Docstring, parseDocstring } from "./docstring.ts";
import {
  comparePlaces,
  type Declaration,
  declarationOf,
  hasModifier,
  isAnonymous,
  isHidden,
  isMethod,
  isOptional,
  isOurs,
  nameOf,
  sources,
  typeParametersOf,
} from "./symbols.ts";

/** A method of a class, such as `Segmenter.load`. */
export interface Method {
  readonly name: string;
  readonly doc: Docstring;
  readonly code: string;
}

/** A class, function, constant or type. */
export interface Entry extends Method {
  /** Where it is declared, below `src`, and its name: `export/onnx.ts/exportOnnx`. */
  readonly path: string;
  readonly isType: boolean;
  /** Those of a class, but for what has a symbol for its name. */
  readonly methods: readonly Method[];
}

/**
 * Reads the exports of a file of `src`, in the order of their files.
 *
 * @param config the tsconfig.json of the project that the file belongs to
 * @throws Error for types of ours that exports name, and users cannot, as they are not exported
 */
export function readApi(file: string, config: string): { intro: Docstring; entries: Entry[] } {
  const api = new API();
  try {
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config);
    const source = project?.program.getSourceFile(join(sources, file));
    const module = source && project?.checker.getSymbolAtLocation(source);
    if (!project || !module) throw new Error(`${file} is not in the project ${config}`);
    const { checker } = project;
    const exported = checker
      .getExportsOfModule(module)
      .map((symbol) => (symbol.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
      .sort(comparePlaces);
    const reader = new Reader(checker);
    const entries = exported.map((symbol) => reader.read(symbol));
    const names = new Set(entries.map(({ name }) => name));
    const forgotten = exported.flatMap((symbol, index) =>
      typesIn(entries[index]?.code ?? "").filter((name) => {
        const found = checker.resolveName(name, SymbolFlags.Type, declarationOf(symbol));
        return !names.has(name) && (!found || isOurs(found));
      }),
    );
    if (forgotten.length > 0)
      throw new Error(`${file} does not export ${[...new Set(forgotten)].join(", ")}`);
    return { intro: parseDocstring(source.text), entries };
  } finally {
    api.close();
  }
}

/** The names of types in code, in order, but for its type parameters. */
export function typesIn(code: string): string[] {
  const bare = code.replace(/\/\*.*?\*\/|"[^"]*"/gs, "");
  const parameters = bare.match(/(?<=[<,]\s*)\w+(?= extends | = )/g) ?? [];
  const names: string[] = bare.match(/(?<![\w.])[A-Z]\w*\b(?!\??:)/g) ?? [];
  return [...new Set(names)].filter((name) => !parameters.some((parameter) => parameter === name));
}

class Reader {
  readonly #checker: Checker;

  constructor(checker: Checker) {
    this.#checker = checker;
  }

  read(symbol: TypeSymbol): Entry {
    const { name, flags } = symbol;
    const declaration = declarationOf(symbol);
    const members = flags & SymbolFlags.Class ? this.#members(symbol) : [];
    const methods = members.filter((member) => isMethod(member) && nameOf(member) === member.name);
    return {
      name,
      path: `${relative(sources, declaration.getSourceFile().fileName)}/${name}`,
      isType: (flags & (SymbolFlags.Interface | SymbolFlags.TypeAlias)) !== 0,
      doc: this.#doc(symbol),
      code: this.#code(symbol, declaration),
      methods: methods.map((method) => ({
        name: `${name}.${method.name}`,
        doc: this.#doc(method),
        code: this.#member(method),
      })),
    };
  }

  #doc(symbol: TypeSymbol): Docstring {
    const text = symbol.getDocumentationComment(this.#checker);
    return { text, tags: symbol.getJsDocTags(this.#checker) };
  }

  #code(symbol: TypeSymbol, declaration: Declaration): string {
    const { name, flags } = symbol;
    const type = this.#checker.getDeclaredTypeOfSymbol(symbol);
    const head = `${name}${typeParametersOf(declaration)}`;
    if (flags & SymbolFlags.Function) return `function ${name}${this.#signature(symbol)};`;
    if (flags & SymbolFlags.Interface) return `interface ${head} {\n${this.#fields(type)}}`;
    if (flags & SymbolFlags.Class) {
      const base = type.getBaseTypes()?.[0]?.getSymbol();
      const members = this.#members(symbol).map((member) =>
        isMethod(member) ? this.#member(member) : this.#documented(member),
      );
      const body = `${this.#constructorOf(symbol)}${members.join("")}`;
      return `class ${head}${base && !isOurs(base) ? ` extends ${base.name}` : ""} {\n${body}}`;
    }
    if (flags & SymbolFlags.TypeAlias) {
      const hasFields = type.isObjectType() || type.isIntersectionType();
      const fields = hasFields && !declaration.typeParameters ? this.#fields(type) : "";
      return `type ${head} = ${fields ? `{\n${fields}}` : this.#typeAt(declaration, NodeBuilderFlags.InTypeAlias)};`;
    }
    const text = this.#typeOf(symbol);
    return /^["\d]/.test(text) ? `const ${name} = ${text};` : `const ${name}: ${text};`;
  }

  /** The public members of a class, inherited ones too: static ones first. */
  #members(symbol: TypeSymbol): TypeSymbol[] {
    const type = this.#checker.getTypeOfSymbol(symbol);
    const statics = type ? this.#checker.getPropertiesOfType(type) : [];
    const others = this.#checker.getPropertiesOfType(this.#checker.getDeclaredTypeOfSymbol(symbol));
    const isPublic = (member: TypeSymbol) =>
      member.name !== "prototype" && !nameOf(member).startsWith("#") && !isHidden(declarationOf(member));
    return [statics, others].flatMap((members) =>
      this.#inOrder(members.filter(isOurs).filter(isPublic), symbol),
    );
  }

  #constructorOf(symbol: TypeSymbol): string {
    const type = this.#checker.getTypeOfSymbol(symbol);
    const [signature] = type ? this.#checker.getSignaturesOfType(type, SignatureKind.Construct) : [];
    const declaration = signature?.declaration?.resolve() as Declaration | undefined;
    if (!declaration || isHidden(declaration)) return "";
    const doc = parseDocstring(declaration.jsDoc?.[0]?.getText() ?? "");
    return `${commentOf(doc)}constructor(${this.#parameters(declaration, doc)});\n`;
  }

  /** The fields and methods of an object type, with their docstrings. */
  #fields(type: Type): string {
    const fields = this.#inOrder(this.#checker.getPropertiesOfType(type).filter(isOurs), type.getSymbol());
    return fields.map((symbol) => this.#documented(symbol)).join("");
  }

  /** As in the code; but where some are inherited, those that must be given first, then a type's own. */
  #inOrder(members: readonly TypeSymbol[], owner: TypeSymbol | undefined): TypeSymbol[] {
    const inherited = new Set(members.filter((symbol) => symbol.getParent() !== owner));
    const isInternal = (symbol: TypeSymbol) =>
      symbol
        .getParent()
        ?.getJsDocTags(this.#checker)
        .some(({ name }) => name === "internal");
    const rank = (symbol: TypeSymbol) => (isOptional(symbol) ? 2 : 0) + (inherited.has(symbol) ? 1 : 0);
    return members
      .filter((symbol) => !(inherited.has(symbol) && isInternal(symbol)))
      .sort((a, b) => (inherited.size > 0 ? rank(a) - rank(b) : 0) || comparePlaces(a, b));
  }

  #documented(symbol: TypeSymbol): string {
    const standard = isOptional(symbol) && this.#defaultOf(declarationOf(symbol));
    return `${commentOf(this.#doc(symbol), standard ? `Defaults to \`${standard}\`.` : "")}${this.#member(symbol)}`;
  }

  #member(symbol: TypeSymbol): string {
    const declaration = declarationOf(symbol);
    const isReadonly =
      symbol.checkFlags & READONLY_CHECK ||
      (symbol.flags & SymbolFlags.Accessor) === SymbolFlags.GetAccessor ||
      hasModifier(declaration, SyntaxKind.ReadonlyKeyword);
    const modifiers = `${hasModifier(declaration, SyntaxKind.StaticKeyword) ? "static " : ""}${isReadonly ? "readonly " : ""}`;
    const name = `${modifiers}${nameOf(symbol)}${isOptional(symbol) ? "?" : ""}`;
    return `${name}${isMethod(symbol) ? this.#signature(symbol) : `: ${this.#typeOf(symbol)}`};\n`;
  }

  /** Parameters and result. */
  #signature(symbol: TypeSymbol): string {
    const declaration = declarationOf(symbol);
    const parameters = this.#parameters(declaration, this.#doc(symbol));
    if (!declaration.type) throw new Error(`${symbol.name} does not state the type of its result`);
    return `${typeParametersOf(declaration)}(${parameters}): ${this.#typeAt(declaration)}`;
  }

  #parameters({ parameters = [] }: Declaration, { tags }: Docstring): string {
    const names = parameters.map(({ name }) => name?.getText());
    const documented = tags.flatMap(({ name, text = "" }) => (name === "param" && text.match(/^\w+/)) || []);
    const others = documented.filter((name) => !names.includes(name));
    const texts = parameters.map((parameter) => {
      const { name, initializer, questionToken, dotDotDotToken } = parameter;
      const type = this.#typeAt(parameter);
      // A parameter that is taken apart has no name in the code.
      const isField = (field: string) => new RegExp(`\\b${field}\\??:`).test(type);
      const documentedAs = type.startsWith("{") ? others.find((other) => !isField(other)) : undefined;
      const own = name && isIdentifier(name) ? name.getText() : (documentedAs ?? guessName(type));
      return `${dotDotDotToken ? "..." : ""}${own}${initializer || questionToken ? "?" : ""}: ${type}`;
    });
    return texts.join(", ");
  }

  /** The type of a constant or property: as it is written, where that is what it is. */
  #typeOf(symbol: TypeSymbol): string {
    const declaration = declarationOf(symbol);
    const type = this.#checker.getTypeOfSymbol(symbol);
    const written = declaration.type && this.#checker.getTypeFromTypeNode(declaration.type);
    if (!type) throw new Error(`${symbol.name} has no type`);
    // What may be left out may be undefined.
    const show = (shown: Type) =>
      isOptional(symbol)
        ? this.#inferred(this.#checker.getNonNullableType(shown) ?? shown)
        : this.#inferred(shown);
    // A mapped or generic type may have changed it.
    if (!written || show(written) !== show(type)) return show(type);
    return isOptional(symbol)
      ? this.#typeAt(declaration).replace(/ \| undefined$/, "")
      : this.#typeAt(declaration);
  }

  /** The type that a declaration states, as written unless it is worked out of values or other types. */
  #typeAt(declaration: Declaration, flags?: NodeBuilderFlags): string {
    const type = declaration.type
      ? this.#checker.getTypeFromTypeNode(declaration.type)
      : this.#checker.getTypeAtLocation(declaration);
    const isWorkedOut = (part: Node): boolean =>
      isTypeQueryNode(part) ||
      isIndexedAccessTypeNode(part) ||
      part.forEachChild((child) => isWorkedOut(child) || undefined) === true;
    if (declaration.type && !isWorkedOut(declaration.type)) return declaration.type.getText();
    return type ? this.#inferred(type, flags) : "unknown";
  }

  /** The type as the checker has worked it out; objects without a name with their fields. */
  #inferred(type: Type, flags = NodeBuilderFlags.None): string {
    const isArray = this.#checker.isArrayType(type) && type.isTypeReference();
    const [item] = isArray ? this.#checker.getTypeArguments(type) : [];
    if (item && isAnonymous(item)) return `${this.#inferred(item)}[]`;
    const fields = isAnonymous(type) ? this.#fields(type) : "";
    const format = NodeBuilderFlags.NoTruncation | NodeBuilderFlags.UseAliasDefinedOutsideCurrentScope;
    return fields ? `{\n${fields}}` : this.#checker.typeToString(type, undefined, format | flags);
  }

  /** What is said as `default` in the call that makes a value, as for the settings of a training. */
  #defaultOf({ initializer }: Declaration): string | undefined {
    const options = initializer && isCallExpression(initializer) ? initializer.arguments.at(-1) : undefined;
    if (!options || !isObjectLiteralExpression(options)) return undefined;
    const isDefault = (name: Node) => name.getText() === "default";
    const value = options.properties
      .filter(isPropertyAssignment)
      .find(({ name }) => isDefault(name))?.initializer;
    if (!value || !isIdentifier(value)) return value?.getText();
    const type = this.#checker.getTypeAtLocation(value);
    return type && this.#checker.typeToString(type);
  }
}

/** Of the properties that a type such as `Readonly` has made. */
const READONLY_CHECK = 8;

/** What to call a parameter of a type: `options` for `EvaluateOptions`. */
function guessName(type: string): string {
  const [, name] = /^(?:Omit<|Pick<)?\w*?([A-Z][a-z]*)\b/.exec(type) ?? [];
  return name?.toLowerCase() ?? "options";
}
