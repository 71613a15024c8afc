// Which page stands where, and who may see it.
import { createRouter, createWebHashHistory, type Router } from 'vue-router'
import { useSession } from './shared/session'

export function makeRouter(): Router {
  const router = createRouter({
    history: createWebHashHistory(),
    routes: [
      { path: '/sign-in', name: 'sign-in', component: () => import('./session/SignInPage.vue') },
      { path: '/commitment', name: 'commitment', component: () => import('./session/CommitmentPage.vue') },
      { path: '/', name: 'home', redirect: { name: 'desk' } },
      { path: '/desk', name: 'desk', component: () => import('./agent/DeskPage.vue') },
      { path: '/floor', name: 'floor', component: () => import('./supervisor/FloorPage.vue') },
      { path: '/:rest(.*)*', redirect: { name: 'home' } },
    ],
  })
  router.beforeEach(async (to) => {
    const session = useSession()
    if (!session.asked) {
      try {
        await session.ask()
      } catch {
        // The server cannot be reached: the sign-in page says so when it is tried.
      }
    }
    if (!session.me) return to.name === 'sign-in' ? true : { name: 'sign-in', query: { to: to.fullPath } }
    // Nothing of an appellant before the secrecy commitment is signed.
    if (session.me.commitmentDue) return to.name === 'commitment' ? true : { name: 'commitment', query: { to: to.fullPath } }
    if (to.name === 'sign-in' || to.name === 'commitment') return { name: 'home' }
    if (to.name === 'desk' && !session.isAgent) return { name: 'floor' }
    return true
  })
  return router
}
