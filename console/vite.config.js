import { defineConfig } from "vite";

// The page is served by the gateway under a strict content security policy: every asset is a file of
// its own, nothing is inlined as a data: address, and no polyfill script is written into the page.
export default defineConfig({
  plugins: [preloaded("MapPane"), first("greeting")],
  base: "/",
  build: {
    outDir: "../gateway/console_dist",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    // What every page needs is one file, not many small ones: each costs the browser and the gateway some milliseconds.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "greeting", test: /src[\\/]live[\\/]greeting\.ts$/ },
            { name: "page", test: /node_modules[\\/]preact|src[\\/](i18n[\\/])?\w+\.ts$/ },
          ],
        },
      },
    },
    sourcemap: false,
    chunkSizeWarningLimit: 800,
  },
  worker: { format: "es" },
});

/** Has index.html ask for a chunk that is imported later, and for what that imports: they come while the first is read. */
function preloaded(name) {
  return {
    name: `preloaded-${name}`,
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle }) {
        const chunk = Object.values(bundle ?? {}).find((one) => one.type === "chunk" && one.name === name);
        const files = chunk ? [chunk.fileName, ...chunk.imports].filter((file) => !html.includes(file)) : [];
        return files.map((file) => ({ tag: "link", attrs: { rel: "modulepreload", crossorigin: true, href: `/${file}` }, injectTo: "head" }));
      },
    },
  };
}

/** Has the page run a chunk of its own before all others, and while they are on their way. */
function first(name) {
  return {
    name: `first-${name}`,
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle }) {
        const chunk = Object.values(bundle ?? {}).find((one) => one.type === "chunk" && one.name === name);
        if (!chunk) throw new Error(`there is no chunk ${name}`);
        return [{ tag: "script", attrs: { type: "module", async: true, crossorigin: true, src: `/${chunk.fileName}` }, injectTo: "head-prepend" }];
      },
    },
  };
}
