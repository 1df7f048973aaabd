/**
 * Text in the console's components that is in no dictionary: what a person would read only in one language. Prints one
 * line for each. Key names inside <kbd> are the same in every language.
 */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";

const console_ = process.argv[2];
const require = createRequire(join(console_, "package.json"));
const { parseSync } = await import(pathToFileURL(require.resolve("rolldown/experimental")).href);

const WORD = /\p{L}{2,}|\p{Script=Han}/u;
const HAN = /\p{Script=Han}/u;
const READ = new Set(["aria-label", "title", "placeholder", "alt", "label", "aria-description"]);
/** The switch of the language names each in its own. */
const BOTH = join("ui", "LanguageSwitch.tsx");
/** What it cuts from and puts to a court's own name is no text of ours. */
const NAMES = "format.ts";

function walk(node, within, say) {
  if (!node || typeof node !== "object") return;
  if (Array.isArray(node)) return node.forEach((one) => walk(one, within, say));
  if (node.type === "JSXElement") within = [...within, node.openingElement.name.name];
  if (node.type === "JSXText" && WORD.test(node.value) && !within.includes("kbd")) say(node, node.value.trim());
  if (node.type === "JSXAttribute" && READ.has(node.name.name) && node.value?.type === "Literal") say(node, node.value.value);
  if (node.type === "JSXElement") {
    for (const child of node.children) if (child.type === "JSXExpressionContainer") shown(child.expression, within, say);
  }
  if (node.type === "Literal" && typeof node.value === "string" && HAN.test(node.value)) say(node, node.value);
  if (node.type === "TemplateElement" && HAN.test(node.value.raw)) say(node, node.value.raw);
  for (const [key, child] of Object.entries(node)) if (key !== "type") walk(child, within, say);
}

/** A text that an expression between two tags may come to. */
function shown(node, within, say) {
  if (node.type === "ConditionalExpression") [node.consequent, node.alternate].forEach((one) => shown(one, within, say));
  if (node.type === "LogicalExpression") [node.left, node.right].forEach((one) => shown(one, within, say));
  if (node.type === "Literal" && typeof node.value === "string" && WORD.test(node.value) && !within.includes("kbd")) say(node, node.value);
}

const root = join(console_, "src");
for (const path of readdirSync(root, { recursive: true }).filter((name) => /\.tsx?$/.test(name)).sort()) {
  const dictionary = path.startsWith("i18n");
  if (path === BOTH || path === NAMES || (dictionary && !/[/\\]\w*[eE]n\.ts$/.test(path))) continue;
  const text = readFileSync(join(root, path), "utf8");
  const parsed = parseSync(path, text);
  walk(parsed.program, [], (node, what) => {
    console.log(`${relative(".", path)}:${text.slice(0, node.start).split("\n").length}: ${what}`);
  });
}
