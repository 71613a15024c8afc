import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { texts } from './build/texts.ts'

const server = process.env.REXIAN_URL ?? 'https://localhost:8443'

export default defineConfig({
  plugins: [vue(), texts()],
  build: {
    target: 'es2022',
    // The server's content security policy allows no data: scripts and few data: images.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'element', test: /node_modules[\\/](element-plus|@element-plus|@floating-ui|@popperjs|@vueuse|dayjs|lodash)/ },
            { name: 'vue', test: /node_modules[\\/](@vue|vue|vue-router|pinia)/ },
          ],
        },
      },
    },
  },
  server: {
    proxy: { '/api': { target: server, secure: false, changeOrigin: true, ws: true } },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts'],
    server: { deps: { inline: ['element-plus'] } },
  },
})
