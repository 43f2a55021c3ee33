// 每个入口单独构建一次（--mode app、--mode charts），因此不会产生公共分块；
// 文件名固定、不带摘要：Django 在收集静态文件时自己加摘要。
import { defineConfig } from "vite";

const ENTRIES = { app: "frontend/app.js", charts: "frontend/charts.js" };

export default defineConfig(({ mode }) => {
  if (!(mode in ENTRIES)) {
    throw new Error(`未知的入口 ${mode}，可选：${Object.keys(ENTRIES).join("、")}`);
  }
  return {
    base: "./",
    publicDir: false,
    build: {
      outDir: "src/zhiqiao/kit/static/dist",
      emptyOutDir: false,
      target: "es2020",
      // 一个入口只有一份样式。图片默认各是一个文件；要放进样式里的（图标）在引用处写明 ?inline。
      cssCodeSplit: false,
      assetsInlineLimit: 0,
      // gzip 大小由 tools/frontend.py 报告，这里不重复计算。
      reportCompressedSize: false,
      rollupOptions: {
        input: { [mode]: ENTRIES[mode] },
        output: {
          format: "iife",
          entryFileNames: "[name].js",
          assetFileNames: (asset) => (asset.names[0]?.endsWith(".css") ? `${mode}.css` : "[name][extname]"),
        },
      },
    },
  };
});
