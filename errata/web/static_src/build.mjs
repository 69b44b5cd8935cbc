// Bundles the browser side into ../static/dist: app-<hash>.js, app-<hash>.css, fonts, an icon sprite and manifest.json.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import esbuild from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.resolve(here, "../static/dist");
const require = createRequire(import.meta.url);
const lucide = path.join(path.dirname(require.resolve("lucide-static/package.json")), "icons");

const options = {
  entryPoints: { app: path.join(here, "js/app.js"), style: path.join(here, "css/app.css") },
  bundle: true,
  format: "esm",
  target: ["chrome123", "firefox120", "safari17.5"],
  minify: true,
  metafile: true,
  outdir: out,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".woff2": "file" },
  legalComments: "linked",
  logLevel: "warning",
};

async function readIcons() {
  const names = (await readFile(path.join(here, "icons/lucide.txt"), "utf8")).split(/\s+/).filter(Boolean);
  const ours = (await readdir(path.join(here, "icons"))).filter((name) => name.endsWith(".svg"));
  const files = new Map(names.map((name) => [name, path.join(lucide, `${name}.svg`)]));
  for (const name of ours) files.set(name.slice(0, -4), path.join(here, "icons", name));
  return Promise.all([...files].map(async ([name, file]) => symbol(name, await readFile(file, "utf8"))));
}

// Each symbol carries its own paint, because a sprite in another file does not inherit the page's styles by class.
function symbol(name, source) {
  const [, attributes, body] = source.match(/<svg([^>]*)>([\s\S]*)<\/svg>/);
  const paint = ["viewBox", "fill", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin"]
    .map((key) => attributes.match(new RegExp(`\\s${key}="([^"]*)"`))?.[1])
    .map((value, index) => (value ? `${["viewBox", "fill", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin"][index]}="${value}"` : ""))
    .filter(Boolean)
    .join(" ");
  return `<symbol id="${name}" ${paint}>${body.replace(/\s+/g, " ").replaceAll("> <", "><").trim()}</symbol>`;
}

async function writeSprite() {
  const sprite = `<svg xmlns="http://www.w3.org/2000/svg">${(await readIcons()).join("")}</svg>`;
  const name = `icons-${createHash("sha256").update(sprite).digest("hex").slice(0, 8).toUpperCase()}.svg`;
  await writeFile(path.join(out, name), sprite);
  return name;
}

async function build() {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const { metafile } = await esbuild.build(options);
  const manifest = { "icons.svg": await writeSprite() };
  for (const [file, { entryPoint }] of Object.entries(metafile.outputs)) {
    const name = path.basename(file);
    if (entryPoint?.endsWith("app.js")) manifest["app.js"] = name;
    if (entryPoint?.endsWith("app.css")) manifest["app.css"] = name;
    if (/^inter-latin-wght-normal-/.test(name)) manifest["inter.woff2"] = name;
  }
  await writeFile(path.join(out, "manifest.json"), JSON.stringify(manifest, null, 2));
  return manifest;
}

console.log(await build());
if (process.argv.includes("--watch")) {
  const { watch } = await import("node:fs");
  let timer;
  for (const folder of ["css", "js", "icons"]) {
    watch(path.join(here, folder), () => {
      clearTimeout(timer);
      timer = setTimeout(() => build().then(console.log, console.error), 60);
    });
  }
}
