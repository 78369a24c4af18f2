"""Projects for tsc and esbuild to work on, the same every time: no randomness, no clock.

typescript()	a few hundred files in packages that import one another; some have type errors
modules()	two thousand modules of every kind that esbuild loads, reached from two entries
"""

import json

# What goes wrong in every eleventh file, one kind after the other; {n} is the file's number.
TYPE_ERRORS = (
	"export const wrong{n}: number = 'not a number';",
	"export const lacking{n}: Shape{n}<string> = {{ id: {n} }};",
	"export const unknown{n} = nowhere{n} + 1;",
	"export const many{n} = area{n}(1, 2, 3, 4);",
	"import {{ absent{n} }} from '../package0/part0';",
	"import * as gone{n} from '../nowhere/part{n}';",
	"export const untyped{n} = (a, b) => a.length + b;",
	"export function maybe{n}(s: string | null) {{ return s.length; }}",
	"export class Half{n} implements Holder{n}<number> {{ }}",
	"export const twice{n} = 1; export const twice{n} = 2;",
	"export function never{n}(k: Kind{n}): number {{ switch (k.kind) {{ case 'circle': return 1; }} }}",
	"export const key{n}: keyof Shape{n}<number> = 'colour';",
	"export async function later{n}(): number {{ return 1; }}",
	"export const ro{n} = ({{ a: 1 }} as const); ro{n}.a = 2;",
)

TYPESCRIPT_FILE = """{imports}
export interface Shape{n}<T> {{ readonly id: number; name?: string; value: T; tags: ReadonlyArray<string> }}
export interface Holder{n}<T> {{ get(): T; map<U>(f: (t: T) => U): Holder{n}<U> }}
export type Kind{n} = {{ kind: 'circle'; r: number }} | {{ kind: 'box'; w: number; h: number }} | {{ kind: 'none' }};
export type Flat{n}<T> = T extends Array<infer U> ? Flat{n}<U> : T extends object ? {{ [K in keyof T]: Flat{n}<T[K]> }} : T;
export enum Level{n} {{ Low = {n}, Middle, High = 'high{n}' }}

export class Box{n}<T extends {{ id: number }}> implements Iterable<T> {{
	#items: T[] = [];
	static count = {n};
	constructor(private readonly first: T, ...rest: T[]) {{ this.#items.push(first, ...rest); }}
	*[Symbol.iterator]() {{ yield* this.#items; }}
	async each(f: (t: T, n: number) => Promise<void>) {{
		for await (const [n, t] of this.#items.entries()) await f(t, n);
		return this.first;
	}}
	by<K extends keyof T>(key: K): Map<T[K], T[]> {{
		const found = new Map<T[K], T[]>();
		for (const t of this) found.set(t[key], [...(found.get(t[key]) ?? []), t]);
		return found;
	}}
}}

export function area{n}(k: Kind{n}, scale = 1): number {{
	switch (k.kind) {{
	case 'circle': return Math.PI * k.r ** 2 * scale;
	case 'box': return k.w * k.h * scale;
	default: return 0;
	}}
}}
{uses}
export const shape{n}: Shape{n}<Flat{n}<{{ a: number[][]; b: string }}>> =
	{{ id: {n}, value: {{ a: {n}, b: `{n}-${{Level{n}.Low}}` }}, tags: ['t{n}'] }};
{error}
"""

TSCONFIG = {
	"compilerOptions": {
		"target": "es2020", "module": "esnext", "moduleResolution": "bundler", "strict": True,
		"declaration": True, "sourceMap": True, "rootDir": "src", "outDir": "out", "lib": ["es2022", "dom"],
		"types": [], "noUncheckedIndexedAccess": True,
	},
	"include": ["src"],
}


def write(path, text):
	path.parent.mkdir(parents=True, exist_ok=True)
	path.write_text(text)


def typescript(folder, files=320, packages=16):
	"""Project `folder`; returns how many of its files have an error put in."""
	wrong = 0
	for n in range(files):
		imported = sorted({m for m in (n - 1, n // 2, n // 3, n - 17) if 0 <= m < n})
		imports = "".join(f"import {{ Box{m}, area{m}, shape{m}, type Kind{m} }} "
				  f"from '../package{m % packages}/part{m}';\n" for m in imported)
		uses = "".join(f"export const use{n}_{m} = (k: Kind{m}) => area{m}(k) + Box{m}.count + shape{m}.id;\n"
			       for m in imported)
		error = ""
		if n % 11 == 10:
			error = TYPE_ERRORS[n // 11 % len(TYPE_ERRORS)].format(n=n)
			wrong += 1
		write(folder / f"src/package{n % packages}/part{n}.ts",
		      TYPESCRIPT_FILE.format(n=n, imports=imports, uses=uses, error=error))
	write(folder / "tsconfig.json", json.dumps(TSCONFIG, indent=1))
	write(folder / "syntax.ts", "export const a = (1 + ;\nfunction (x: { return }\nclass { 'unterminated\n")
	return wrong


MODULES = 2000


def module_name(n):
	"""Module n imports 2n+1 and 2n+2, so that all hang together; only those that import none are data."""
	if n >= MODULES // 2 and n % 47 == 5:
		return f"data{n}.json"
	if n >= MODULES // 2 and n % 23 == 7:
		return f"style{n}.css"
	return f"m{n}." + ("js", "ts", "jsx", "tsx", "mjs", "cjs")[n % 6]


def module_folder(n):
	return f"lib{n % 41}/deep{n % 7}"


def module_path(n):
	return f"../../{module_folder(n)}/{module_name(n)}"


def module_text(n, imported):
	name = module_name(n)
	if name.endswith(".json"):
		return json.dumps({"id": n, "list": list(range(n % 9)), "text": "ünïcödé \u2028 " * (n % 3)})
	if name.endswith(".css"):
		return f".c{n} {{ color: #{n:06x}; margin: 0px 0px 0px 0px; &:hover {{ width: calc(1px + {n}px) }} }}\n"
	if name.endswith(".cjs"):
		needs = "".join(f"const r{m} = require('{module_path(m)}');\n" for m in imported)
		return needs + f"exports.f{n} = function named(a) {{ return a ? named(a - 1) + {n} : typeof module; }};\n"
	lines = [f"import * as i{m} from '{module_path(m)}';" for m in imported]
	if n % 29 == 3 and imported:
		lines.append(f"export const lazy{n} = () => import('{module_path(imported[-1])}');")
	typed = name.endswith(("ts", "tsx"))
	lines.append(f"export function f{n}(a{': number' if typed else ''}) {{")
	lines.append(f"  const local = [a ?? {n}, ...[1, 2, 3].map(x => x ** {n % 5})];")
	lines += [f"  local.push(Object.keys(i{m}).length);" for m in imported]
	lines.append(f"  return local.reduce((s, x) => s + x, {n}) /* comment {n} */;\n}}")
	lines.append(f"function unused{n}() {{ return 'dropped by tree shaking {n}'; }}")
	lines.append(f"export class C{n} {{ static s = {n}; #p = `t${{{n}}}`; get p() {{ return this.#p; }} }}")
	if typed:
		lines.append(f"export enum E{n} {{ A = {n}, B, C = A | B }}\nexport type T{n} = keyof typeof E{n};")
	if name.endswith("x"):
		lines.append(f"export const view{n} = (p) => <div className='c{n}' {{...p}}>text {{p.a}}<><b/></></div>;"
			     if not typed else
			     f"export const view{n} = (p: any) => <div className='c{n}' {{...p}}>text {{p.a}}</div>;")
	if n % 2 and not typed:
		lines.append(f"export default f{n};")
	return "\n".join(lines) + "\n"


def modules(folder):
	for n in range(MODULES):
		imported = [m for m in (2 * n + 1, 2 * n + 2) if m < MODULES]
		write(folder / "src" / module_folder(n) / module_name(n), module_text(n, imported))
	for entry, start in (("first", 0), ("second", 1)):
		write(folder / f"src/{entry}.ts", f"import * as all from './{module_folder(start)}/{module_name(start)}';\n"
		      "declare const window: any;\nwindow.all = [all, process.env.NODE_ENV];\n")
	write(folder / "src/broken.ts", "import './nowhere';\nimport x from './first';\nlet y = ;\n")
	write(folder / "src/missing.js", "import './nowhere';\nimport {a} from './lib0/deep0/absent.js';\na();\n")
	write(folder / "tsconfig.json", json.dumps({"compilerOptions": {
		"jsx": "react", "target": "es2020", "useDefineForClassFields": True}}))
