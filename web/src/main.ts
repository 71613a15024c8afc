// Starts the screens.
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import 'element-plus/es/components/base/style/css'
import 'element-plus/es/components/button/style/css'
import 'element-plus/es/components/cascader/style/css'
import 'element-plus/es/components/checkbox/style/css'
import 'element-plus/es/components/checkbox-group/style/css'
import 'element-plus/es/components/dropdown/style/css'
import 'element-plus/es/components/dropdown-item/style/css'
import 'element-plus/es/components/dropdown-menu/style/css'
import 'element-plus/es/components/input/style/css'
import 'element-plus/es/components/option/style/css'
import 'element-plus/es/components/select/style/css'
import './shared/theme.css'
import App from './App.vue'
import { makeRouter } from './router'
import { startClock } from './shared/clock'
import { whenSignedOut } from './shared/server'
import { useSession } from './shared/session'

const app = createApp(App)
app.use(createPinia())
whenSignedOut((replaced) => useSession().lost(replaced))
startClock()
app.use(makeRouter())
app.mount('#app')
