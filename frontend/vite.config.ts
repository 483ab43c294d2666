import { defineConfig } from "vite";

// The wheel ships the built files; a template tag reads manifest.json and writes the hashed names into the pages.
export default defineConfig({
  base: "/static/console/dist/",
  publicDir: false,
  build: {
    outDir: "../src/aralyk/console/static/console/dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    assetsInlineLimit: 0, // fonts as data: URLs would need a hole in the Content-Security-Policy
    chunkSizeWarningLimit: 1600, // MapLibre is one piece, loaded only where there is a map
    modulePreload: { polyfill: false },
    target: "es2022",
    rollupOptions: { input: { main: "src/main.ts" } },
  },
});
