import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The builder for notebooks: anywidget takes one module and one sheet. */
export default defineConfig({
  plugins: [react()],
  define: { 'process.env.NODE_ENV': '"production"' },
  build: {
    outDir: '../src/segml/widget/static',
    emptyOutDir: true,
    copyPublicDir: false,
    cssCodeSplit: false,
    chunkSizeWarningLimit: 1000, // kB before compression; it comes out of the kernel, not over a network
    lib: { entry: 'src/widget/index.tsx', formats: ['es'], fileName: () => 'builder.js', cssFileName: 'builder' },
  },
});
